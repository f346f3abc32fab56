import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { readStorageId } from '../../storage/mark.ts'
import type { StoragePaths } from '../../storage/paths.ts'
import { setAsideFolders } from './folder-checkpoint.ts'

/** Removes Kafka's data and every checkpoint from a storage folder; returns the folders that are gone. */
export async function removeStored({ root, kafka, checkpoint }: StoragePaths): Promise<string[]> {
  if (!(await readStorageId(root))) return [] // without its mark, the folder may not be ours
  const candidates = [kafka, checkpoint, ...(await setAsideFolders(checkpoint))]
  const folders = candidates.filter((dir) => existsSync(dir))
  for (const dir of folders) await rm(dir, { recursive: true, force: true })
  return folders
}

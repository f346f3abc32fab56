import { readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { parseJson } from '../system/json.ts'
import { readMark } from './mark.ts'

/** Where a project folder remembers a storage folder that is not the default one, while its stack is up. */
const POINTER_FILE = '.cpu-anomaly.json'
const DEFAULT_STORAGE = 'storage'

const pointerSchema = z.object({ storages: z.array(z.string()) })

/** Where a project folder may have its storage; `storageDir` is what its `.env` names. */
export async function storageCandidates(folder: string, storageDir = DEFAULT_STORAGE): Promise<string[]> {
  return [join(folder, DEFAULT_STORAGE), resolve(folder, storageDir), ...(await pointers(folder))]
}

/** The storage folders of this project that STORAGE_DIR may have named when the stack was started. */
export async function knownStorages(folder: string): Promise<string[]> {
  const real = await realpath(folder).catch(() => folder)
  const candidates = [...new Set(await storageCandidates(folder))]
  const own = await Promise.all(
    candidates.map(async (root) => {
      const owner = (await readMark(root))?.folder
      return owner !== undefined && (await realpath(owner).catch(() => owner)) === real
    }),
  )
  return candidates.filter((_, index) => own[index])
}

/** Remembers where the stack is: STORAGE_DIR may be edited while it is up. */
export async function rememberStorage(folder: string, root: string): Promise<void> {
  if (root === join(folder, DEFAULT_STORAGE)) return
  await write(folder, [...new Set([...(await pointers(folder)), root])])
}

export async function forgetStorage(folder: string, root: string): Promise<void> {
  const before = await pointers(folder)
  if (before.includes(root))
    await write(
      folder,
      before.filter((other) => other !== root),
    )
}

const pointerFile = (folder: string): string => join(folder, POINTER_FILE)

async function pointers(folder: string): Promise<string[]> {
  const text = await readFile(pointerFile(folder), 'utf8').catch(() => '')
  return pointerSchema.safeParse(parseJson(text)).data?.storages ?? []
}

async function write(folder: string, storages: readonly string[]): Promise<void> {
  if (storages.length === 0) return rm(pointerFile(folder), { force: true })
  await writeFile(pointerFile(folder), `${JSON.stringify({ storages })}\n`)
}

import { realpath } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { type StateFile, stateFile } from '../system/state-file.ts'
import { readMark } from './mark.ts'

/** Where a project folder remembers a storage folder that is not the default one, while its stack is up. */
export const POINTER_FILE = '.cpu-anomaly.json'
const DEFAULT_STORAGE = 'storage'

const pointerFile = (folder: string): StateFile<{ readonly storages: readonly string[] }> =>
  stateFile(
    join(folder, POINTER_FILE),
    z.object({ storages: z.array(z.string()) }),
    'It says where the stack of this folder is. Remove it, and stop that stack with `cpu-anomaly down --set STORAGE_DIR=…`.',
  )

/**
 * Where a project folder may have its storage; `storageDir` is what its `.env` names.
 * @throws CliError STORAGE when the file that names more of them is damaged.
 */
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

const pointers = async (folder: string): Promise<readonly string[]> =>
  (await pointerFile(folder).read())?.storages ?? []

async function write(folder: string, storages: readonly string[]): Promise<void> {
  await (storages.length === 0 ? pointerFile(folder).remove() : pointerFile(folder).write({ storages }))
}

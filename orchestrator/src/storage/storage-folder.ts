import { randomUUID } from 'node:crypto'
import { lstat, mkdir, readdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve, sep } from 'node:path'
import { z } from 'zod'
import { CliError } from '../errors.ts'
import { packageRoot } from '../package/root.ts'
import { parseJson } from '../system/json.ts'
import { type StoragePaths, storagePaths } from './paths.ts'

const MANIFEST_FILE = '.cpu-anomaly-storage'

const manifestSchema = z.object({
  tool: z.literal('cpu-anomaly'),
  format: z.literal(1),
  id: z.uuid(),
  folder: z.string(),
})

/** The problems of a storage folder: one that may hold something else must never be filled, let alone removed. */
export async function checkStorageDir(dir: string, folder: string): Promise<string[]> {
  const problem = (what: string, fix: string) => [`STORAGE_DIR=${dir}: ${what}; ${fix}`]
  const fix = 'name a folder of its own, such as storage'
  const forbidden = new Map([
    [resolve('/'), 'is the root of the file system'],
    [resolve(homedir()), 'is your home folder'],
    [resolve(folder), 'is the project folder itself'],
    [resolve(packageRoot), "is this tool's own folder"],
  ])
  const why =
    forbidden.get(dir) ?? (resolve(folder).startsWith(dir + sep) ? 'holds the project folder' : undefined)
  if (why) return problem(why, fix)
  if (await leavesThrough(dirname(dir), folder))
    return problem('lies behind a link that leaves the project folder', fix)
  const info = await lstat(dir).catch(() => undefined)
  if (!info) return []
  if (info.isSymbolicLink() && !(await realpath(dir).catch(() => '')).startsWith(resolve(folder) + sep))
    return problem('is a link that leaves the project folder', fix)
  if (!info.isSymbolicLink() && !info.isDirectory()) return problem('is not a folder', fix)
  const entries = await readdir(dir).catch(() => undefined)
  if (!entries) return problem('cannot be read', 'check its permissions')
  if (entries.length > 0 && !entries.includes(MANIFEST_FILE))
    return problem('is a folder that holds something else', fix)
  return []
}

/** Is a path that begins in the project folder really somewhere else? What does not exist yet is where its parent is. */
async function leavesThrough(parent: string, folder: string): Promise<boolean> {
  if (!parent.startsWith(resolve(folder) + sep)) return false
  const real = await realpath(parent).catch(() => undefined)
  if (real === undefined) return leavesThrough(dirname(parent), folder)
  return !`${real}${sep}`.startsWith((await realpath(folder)) + sep)
}

/** Makes the storage folder with what belongs in it, and marks it as ours. */
export async function prepareStorage(storageDir: string, projectFolder: string): Promise<StoragePaths> {
  const paths = storagePaths(storageDir)
  try {
    for (const dir of Object.values(paths)) await mkdir(dir, { recursive: true, mode: 0o700 })
    if (!(await readStorageId(paths.root))) {
      const manifest = { tool: 'cpu-anomaly', format: 1, id: randomUUID(), folder: projectFolder }
      await writeFile(join(paths.root, MANIFEST_FILE), `${JSON.stringify(manifest)}\n`)
    }
  } catch (error) {
    throw new CliError(
      'STORAGE',
      `cannot make the storage folder ${paths.root}: ${(error as Error).message}`,
      {
        hint: `Check the permissions of ${dirname(paths.root)}, or set STORAGE_DIR.`,
        cause: error,
      },
    )
  }
  return paths
}

/** The id in the storage folder's manifest; undefined where there is none, and so nothing of ours. */
export async function readStorageId(root: string): Promise<string | undefined> {
  const text = await readFile(join(root, MANIFEST_FILE), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  return manifestSchema.safeParse(parseJson(text)).data?.id
}

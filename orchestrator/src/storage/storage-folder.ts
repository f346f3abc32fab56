import { lstat, mkdir, readdir, realpath, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { CliError, errorMessage } from '../errors.ts'
import { packageRoot } from '../package/root.ts'
import { homeFolder } from '../system/home.ts'
import { MARK_FILE, writeMark } from './mark.ts'
import { type StoragePaths, storagePaths } from './paths.ts'

/** The problems of a storage folder: one that may hold anything else must never be filled, let alone removed. */
export async function checkStorageDir(dir: string, folder: string): Promise<string[]> {
  const problem = (what: string, fix: string) => [`STORAGE_DIR=${dir}: ${what}; ${fix}`]
  const fix = 'use a dedicated folder, such as storage'
  const home = homeFolder()
  const forbidden = new Map([
    [resolve('/'), 'is the root of the file system'],
    ...(home ? [[resolve(home), 'is your home folder'] as const] : []),
    [resolve(folder), 'is the project folder itself'],
    [resolve(packageRoot), "is this tool's own folder"],
  ])
  const separator = unusableCharacter(dir)
  if (separator)
    return problem(
      `its path has ${separator}, at which Kafka, Spark or Python would split it`,
      'move the project folder, or write another path',
    )
  if (/^(?:~|\$\{?\w+\}?)$/.test(relative(folder, dir).split(sep)[0] ?? ''))
    return problem('begins with ~ or a variable, which is not replaced here', 'write the path in full')
  const why =
    forbidden.get(dir) ?? (resolve(folder).startsWith(dir + sep) ? 'contains the project folder' : undefined)
  if (why) return problem(why, fix)
  if (await leadsOutside(dirname(dir), folder))
    return problem('is behind a link that leads out of the project folder', fix)
  const info = await lstat(dir).catch(() => undefined)
  if (!info) return []
  if (info.isSymbolicLink() && !(await realpath(dir).catch(() => '')).startsWith(resolve(folder) + sep))
    return problem('is a link that leads out of the project folder', fix)
  if (!info.isSymbolicLink() && !info.isDirectory()) return problem('is not a folder', fix)
  const entries = await readdir(dir).catch(() => undefined)
  if (!entries) return problem('cannot be read', 'check its permissions')
  if (entries.length > 0 && !entries.includes(MARK_FILE))
    return problem('is a folder that contains other files', fix)
  return []
}

/** A character that separates paths in lists (`log.dirs`, SPARK_LOCAL_DIRS, PYTHONPATH), or ends a line in a properties file. */
export function unusableCharacter(path: string): string | undefined {
  if (path.includes(',')) return 'a comma'
  if (path.includes(':')) return 'a colon'
  return /[\\\p{Cc}]/u.test(path) ? 'a backslash or a control character' : undefined
}

/** Does a path that begins in the project folder lead out of it? One that does not exist yet leads where its parent does. */
async function leadsOutside(parent: string, folder: string): Promise<boolean> {
  if (!parent.startsWith(resolve(folder) + sep)) return false
  const real = await realpath(parent).catch(() => undefined)
  if (real === undefined) return leadsOutside(dirname(parent), folder)
  return !`${real}${sep}`.startsWith((await realpath(folder)) + sep)
}

/**
 * Creates the storage folder with its subfolders, and marks it as this project's.
 * @throws CliError STORAGE when it cannot be created, or its mark is damaged.
 */
export async function prepareStorage(storageDir: string, projectFolder: string): Promise<StoragePaths> {
  const paths = storagePaths(storageDir)
  try {
    for (const dir of Object.values(paths)) await mkdir(dir, { recursive: true, mode: 0o700 })
    await writeMark(paths.root, projectFolder)
    // Kafka's login is in files here, and no project should commit data.
    await writeFile(join(paths.root, '.gitignore'), '*\n')
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError('STORAGE', `cannot create the storage folder ${paths.root}: ${errorMessage(error)}`, {
      hint: `Check the permissions of ${dirname(paths.root)}, or set STORAGE_DIR.`,
      cause: error,
    })
  }
  return paths
}

import { mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import lockfile from 'proper-lockfile'
import { CliError, errorMessage } from '../errors.ts'
import { type JarSet, jarSetName } from '../package/jars.ts'
import { homeFolder } from '../system/home.ts'
import { arrived, notYet, waitUntil } from '../system/wait.ts'

/**
 * The user's cache folder for large downloads, shared by all project folders (XDG on Linux).
 * @throws CliError CONFIGURATION when XDG_CACHE_HOME is relative, or when the user has no home folder.
 */
export function cacheDir(): string {
  if (process.platform === 'darwin') return join(cacheHome(homeFolder(), 'HOME'), 'Library', 'Caches', NAME)
  const { XDG_CACHE_HOME } = process.env
  if (XDG_CACHE_HOME) return join(cacheHome(XDG_CACHE_HOME, 'XDG_CACHE_HOME'), NAME)
  return join(cacheHome(homeFolder(), 'HOME'), '.cache', NAME)
}

const NAME = 'cpu-anomaly'

function cacheHome(folder: string | undefined, variable: string): string {
  if (folder && isAbsolute(folder)) return folder
  const problem = folder
    ? `${variable}=${folder}: is not an absolute path, so the folder of the cache is unknown`
    : 'there is no home folder for the cache: HOME is not set, and the system knows none for this user'
  throw new CliError('CONFIGURATION', problem, {
    hint: 'Set HOME or XDG_CACHE_HOME to an absolute path that you may write to.',
  })
}

export const jarsDir = (set: JarSet): string => join(cacheDir(), 'jars', jarSetName(set))

// Written last: a folder without it was left by an interrupted run and is filled again.
const COMPLETE = '.complete'

export async function isComplete(dir: string): Promise<boolean> {
  return stat(join(dir, COMPLETE)).then(
    () => true,
    () => false,
  )
}

export interface FillOptions {
  /** Does a filled folder still work? One that does not is filled again. */
  readonly works?: (dir: string) => Promise<boolean>
  /** Called while another run is filling the same folder. */
  readonly onWait: () => void
  readonly signal: AbortSignal
}

/**
 * Fills a folder of the cache unless it is filled and works: under a lock, so that only one run fills it, and from an empty folder, so that
 * leftovers of an interrupted run are never used.
 * @throws CliError STORAGE when the disk is full or the folder is not writable.
 */
export async function fillOnce(
  dir: string,
  fill: (dir: string) => Promise<void>,
  options: FillOptions,
): Promise<void> {
  if (await isUsable(dir, options)) return
  await explainDiskErrors(dir, async () => {
    await mkdir(dir, { recursive: true })
    const release = await lockCacheFolder(dir, options)
    try {
      if (await isUsable(dir, options)) return // filled by the run that held the lock
      await rm(dir, { recursive: true, force: true })
      await mkdir(dir, { recursive: true })
      await fill(dir)
      options.signal.throwIfAborted()
      await writeFile(join(dir, COMPLETE), `${new Date().toISOString()}\n`)
    } finally {
      await release()
    }
  })
}

const isUsable = async (dir: string, { works }: FillOptions): Promise<boolean> =>
  (await isComplete(dir)) && (works === undefined || (await works(dir)))

async function lockCacheFolder(dir: string, options: FillOptions): Promise<() => Promise<void>> {
  const lockfilePath = `${dir}.lock`
  return waitUntil(
    `the lock of ${dir}`,
    async () => {
      try {
        return arrived(await lockfile.lock(dir, { lockfilePath, stale: 15_000, update: 5_000 }))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error
        options.onWait()
        return notYet(`${lockfilePath} is held by another run`)
      }
    },
    { timeoutMs: 1_800_000, intervalMs: 500, signal: options.signal },
  )
}

const DISK_CODES = new Set(['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR'])

async function explainDiskErrors(dir: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (!DISK_CODES.has(code)) throw error
    throw new CliError('STORAGE', `cannot write to the cache at ${dir}: ${errorMessage(error)}`, {
      hint: 'Free some space (about 1.2 GB is needed) or set XDG_CACHE_HOME to a writable folder.',
      cause: error,
    })
  }
}

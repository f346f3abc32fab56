import { mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { CliError, errorMessage } from '../errors.ts'
import { type JarSet, jarSetName } from '../package/jars.ts'
import { unusableCharacter } from '../storage/storage-folder.ts'
import { homeFolder } from '../system/home.ts'
import { lockHint, tryLock } from '../system/lock.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from '../system/wait.ts'

/**
 * The user's cache folder for large downloads, shared by all project folders (XDG on Linux).
 * @throws CliError CONFIGURATION when XDG_CACHE_HOME is relative or would be split in a list of paths, or when the user has no home folder.
 */
export function cacheDir(): string {
  if (process.platform === 'darwin') return join(cacheHome(homeFolder(), 'HOME'), 'Library', 'Caches', NAME)
  const { XDG_CACHE_HOME } = process.env
  if (XDG_CACHE_HOME) return join(cacheHome(XDG_CACHE_HOME, 'XDG_CACHE_HOME'), NAME)
  return join(cacheHome(homeFolder(), 'HOME'), '.cache', NAME)
}

const NAME = 'cpu-anomaly'

function cacheHome(folder: string | undefined, variable: string): string {
  const separator = unusableCharacter(folder ?? '')
  if (folder && isAbsolute(folder) && !separator) return folder
  const problem = separator
    ? `${variable}=${folder}: has ${separator}, at which Java or Spark would split the paths in the cache`
    : folder
      ? `${variable}=${folder}: is not an absolute path, so the folder of the cache is unknown`
      : process.env.HOME === ''
        ? 'HOME is empty, so the folder of the cache is unknown'
        : 'there is no home folder for the cache: HOME is not set, and the system knows none for this user'
  throw new CliError('CONFIGURATION', problem, {
    hint: 'Set HOME or XDG_CACHE_HOME to an absolute path that you may write to.',
  })
}

export const jarsDir = (set: JarSet): string => join(cacheDir(), 'jars', jarSetName(set))

/** How long a download by another run may take. */
const WAIT_MS = 1_800_000

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
  /** Called with why it waits: another run fills the folder. */
  readonly onWait: (why: string) => void
  readonly signal: AbortSignal
}

/**
 * Fills a folder of the cache unless it is filled and works: under a lock, so that only one run fills it, and from an empty folder, so that
 * leftovers of an interrupted run are never used.
 * @throws CliError STORAGE when the disk is full or the folder is not writable; LOCKED when another run fills it for half
 *   an hour.
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
  const lock = `${dir}.lock`
  try {
    return await waitUntil(
      `the lock of ${dir}`,
      async () => {
        const attempt = await tryLock(lock)
        if ('release' in attempt) return arrived(attempt.release)
        options.onWait(`another run fills it: ${attempt.holder}. ${lockHint(lock)}`)
        return notYet(attempt.holder)
      },
      { timeoutMs: WAIT_MS, intervalMs: 500, signal: options.signal },
    )
  } catch (error) {
    if (!(error instanceof WaitTimeout)) throw error
    throw new CliError('LOCKED', `another cpu-anomaly command is still filling ${dir}: ${error.lastSeen}`, {
      hint: lockHint(lock),
      cause: error,
    })
  }
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

import lockfile from 'proper-lockfile'
import { CliError } from '../errors.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from '../system/wait.ts'
import type { StoragePaths } from './paths.ts'

// The lock of a killed process goes stale after this long; waiting a little longer outlasts it.
const STALE_MS = 10_000
const WAIT_MS = 15_000

/**
 * Lets one command at a time change this folder's stack: two `submit`s must not both find that no driver runs.
 * @throws CliError LOCKED when another command holds the lock for 15 s.
 */
export async function withFolderLock<T>(
  storage: StoragePaths,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const lockfilePath = `${storage.run}/folder.lock`
  const release = await acquire(storage.run, lockfilePath, signal)
  try {
    return await work()
  } finally {
    await release()
  }
}

async function acquire(dir: string, lockfilePath: string, signal: AbortSignal): Promise<() => Promise<void>> {
  try {
    return await waitUntil(
      'the lock of this folder',
      async () => {
        try {
          return arrived(await lockfile.lock(dir, { lockfilePath, stale: STALE_MS, update: STALE_MS / 4 }))
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error
          return notYet('another command holds it')
        }
      },
      { timeoutMs: WAIT_MS, intervalMs: 200, signal },
    )
  } catch (error) {
    if (!(error instanceof WaitTimeout)) throw error
    throw new CliError('LOCKED', 'another cpu-anomaly command is changing this folder right now', {
      hint: `Wait until it ends, or end it. Its lock is ${lockfilePath}.`,
      cause: error,
    })
  }
}

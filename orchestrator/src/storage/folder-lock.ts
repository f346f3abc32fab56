import { join } from 'node:path'
import { CliError } from '../errors.ts'
import { lockHint, tryLock } from '../system/lock.ts'
import { arrived, notYet, type WaitOptions, WaitTimeout, waitUntil } from '../system/wait.ts'
import type { StoragePaths } from './paths.ts'

const WAIT_MS = 15_000

interface LockOptions {
  readonly timeoutMs?: number
  /** `go on`: a stack can be stopped on a full disk, too. */
  readonly withoutSpace?: 'fail' | 'go on'
}

/**
 * Lets one command at a time change this folder's stack: two `submit`s must not both find that no driver runs.
 * @throws CliError LOCKED when another command holds the lock for 15 s.
 */
export async function withFolderLock<T>(
  storage: StoragePaths,
  signal: AbortSignal,
  work: () => Promise<T>,
  { timeoutMs = WAIT_MS, withoutSpace = 'fail' }: LockOptions = {},
): Promise<T> {
  const folder = join(storage.run, 'folder.lock')
  const release = await acquire(folder, { timeoutMs, intervalMs: 200, signal, withoutSpace })
  try {
    return await work()
  } finally {
    await release()
  }
}

async function acquire(
  folder: string,
  { withoutSpace, ...options }: WaitOptions & Required<Pick<LockOptions, 'withoutSpace'>>,
): Promise<() => Promise<void>> {
  try {
    return await waitUntil(
      'the lock of this folder',
      async () => {
        const attempt = await tryLock(folder, { withoutSpace })
        return 'release' in attempt ? arrived(attempt.release) : notYet(attempt.holder)
      },
      options,
    )
  } catch (error) {
    if (!(error instanceof WaitTimeout)) throw error
    throw new CliError(
      'LOCKED',
      `another cpu-anomaly command is changing this folder right now: ${error.lastSeen}`,
      { hint: lockHint(folder), cause: error },
    )
  }
}

import { statSync } from 'node:fs'
import { CliError } from '../errors.ts'

const NO_SPACE = 'Free some space on that disk. `cpu-anomaly stop` and `down` work without any.'
const NO_ACCESS =
  "Run this command as the user to whom it belongs, or give it to yourself with `chown`. After a command with sudo, files of the storage folder may be root's."
const NO_FILE = 'Something else is where this file or folder belongs: move it away.'

/** What a user can do about a file or folder that cannot be used, by the system's error code. */
const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: NO_SPACE,
  EDQUOT: NO_SPACE,
  EROFS: 'The file system is read-only.',
  EIO: 'The disk reports errors.',
  EACCES: NO_ACCESS,
  EPERM: NO_ACCESS,
  EISDIR: NO_FILE,
  ENOTDIR: NO_FILE,
}

/** An error of a disk, or of somebody else's files, as one sentence; undefined if it is any other. */
export function storageError(error: unknown): CliError | undefined {
  if (!(error instanceof Error) || error instanceof CliError) return undefined
  const { code = '', path, syscall } = error as NodeJS.ErrnoException
  const hint = HINTS[code]
  if (hint === undefined || syscall === undefined || syscall === 'connect') return undefined
  const owner = hint === NO_ACCESS && path !== undefined ? ownerOf(path) : undefined
  return new CliError('STORAGE', `${error.message}${owner ? `, which belongs to ${owner}` : ''}`, {
    hint,
    cause: error,
  })
}

/** Whose a file is: `root`, `the user 1001`; undefined if it is this user's own, or cannot be seen. */
export function ownerOf(path: string): string | undefined {
  const uid = uidOf(path)
  if (uid === undefined || uid === process.getuid?.()) return undefined
  return uid === 0 ? 'root' : `the user ${uid}`
}

function uidOf(path: string): number | undefined {
  try {
    return statSync(path).uid
  } catch {
    return undefined
  }
}

import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { CliError } from '../errors.ts'
import { tryRun } from './run.ts'
import { ownerOf } from './storage-errors.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from './wait.ts'

/** A process; its start time distinguishes it from a later one with the same pid. */
export const processSchema = z.object({ pid: z.int().positive(), startToken: z.string() })
export type ProcessIdentity = Readonly<z.infer<typeof processSchema>>

/** The start time of a process, as the system writes it; undefined if there is no such process, or only a zombie. */
export async function startToken(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    const fields = await processFields(pid)
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  }
  const ps = await tryRun(['ps', ['-o', 'lstart=', '-p', String(pid)]])
  return ps?.stdout.trim() || undefined
}

/** Is the process stopped by a signal, as by Ctrl-Z? Only Linux tells. */
export async function isSuspended(pid: number): Promise<boolean> {
  return (await processFields(pid))[0] === 'T'
}

/** The process group of a process; undefined if there is no such process. */
export async function groupOf(pid: number): Promise<number | undefined> {
  const group =
    process.platform === 'linux'
      ? (await processFields(pid))[2]
      : (await tryRun(['ps', ['-o', 'pgid=', '-p', String(pid)]]))?.stdout
  return group === undefined ? undefined : Number(group)
}

/** The fields of a process after its name: its state first. Empty if there is no such process, or no /proc. */
async function processFields(pid: number): Promise<string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The second field, the program's name in parentheses, may itself contain spaces and parentheses.
  return stat === '' ? [] : stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const token = await startToken(pid)
  return token === undefined ? undefined : { pid, startToken: token }
}

export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  return (await startToken(identity.pid)) === identity.startToken
}

export interface EndOptions {
  readonly termTimeoutMs: number
  /** Signal the whole process group that the process leads. */
  readonly group?: boolean
}

/**
 * Ends a process: SIGTERM, then SIGKILL at the deadline. Resolves when it is gone.
 * @throws CliError LOCKED when it does not even end by SIGKILL; OTHER_USER when it is another user's.
 */
export async function endProcess(
  identity: ProcessIdentity,
  options: EndOptions,
): Promise<'ended' | 'killed' | 'was-gone'> {
  if (!(await isAlive(identity))) return 'was-gone'
  const target = options.group ? -identity.pid : identity.pid
  sendSignal(target, 'SIGTERM')
  try {
    await waitUntilGone(identity, options.termTimeoutMs)
    return 'ended'
  } catch (error) {
    if (!(error instanceof WaitTimeout)) throw error
    sendSignal(target, 'SIGKILL')
    await waitUntilGone(identity, 10_000).catch((cause: unknown) => {
      throw cause instanceof WaitTimeout ? notEnded(identity, cause) : cause
    })
    return 'killed'
  }
}

const notEnded = ({ pid }: ProcessIdentity, cause: WaitTimeout): CliError =>
  new CliError('LOCKED', `process ${pid} still exists 10 s after it was killed`, {
    hint: 'It may be waiting for a disk that does not answer. Run the command again once it has ended.',
    cause,
  })

export async function waitUntilGone(
  identity: ProcessIdentity,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  await waitUntil(
    `the end of process ${identity.pid}`,
    async () => ((await isAlive(identity)) ? notYet('it is still running') : arrived(undefined)),
    { timeoutMs, intervalMs: 50, ...(signal && { signal }) },
  )
}

/**
 * Sends a signal to a process, or to a process group if `target` is negative; does nothing if it is gone.
 * @throws CliError OTHER_USER when it is another user's.
 */
export function sendSignal(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ESRCH') return
    if (code !== 'EPERM') throw error
    const pid = Math.abs(target)
    throw new CliError(
      'OTHER_USER',
      `process ${pid}, which belongs to ${ownerOf(`/proc/${pid}`) ?? 'another user'}, may not be ended by this one`,
      {
        hint: 'Run this command as the user who started it.',
        cause: error,
      },
    )
  }
}

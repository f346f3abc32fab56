import { readFile } from 'node:fs/promises'
import { tryRun } from './run.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from './wait.ts'

/** A process, told apart from a later one that was given the same pid by when it started. */
export interface ProcessIdentity {
  readonly pid: number
  readonly startToken: string
}

/** What identifies a process beside its pid; undefined when there is no such process (or only its zombie). */
export async function startToken(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    // The second field, the program's name in parentheses, may itself hold blanks and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  }
  const ps = await tryRun(['ps', ['-o', 'lstart=', '-p', String(pid)]])
  return ps?.stdout.trim() || undefined
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
  /** Signals the whole process group that the process leads. */
  readonly group?: boolean
}

/** Ends a process: SIGTERM, then SIGKILL at the deadline. Resolves when it is gone. */
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
    await waitUntilGone(identity, 10_000)
    return 'killed'
  }
}

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

/** Sends a signal to a process, or to a process group when `target` is negative; one that is gone is no error. */
export function sendSignal(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

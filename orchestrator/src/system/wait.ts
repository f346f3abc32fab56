import { setTimeout as sleep } from 'node:timers/promises'
import pWaitFor from 'p-wait-for'
import { LONGEST_TIMER_MS } from './deadline.ts'

export interface WaitOptions {
  readonly timeoutMs: number
  readonly intervalMs?: number
  readonly signal?: AbortSignal
}

/** The outcome of one check: the awaited value, or a short description of the state instead. */
export type CheckResult<T> =
  | { readonly done: true; readonly value: T }
  | { readonly done: false; readonly state: string }

export const arrived = <T>(value: T): CheckResult<T> => ({ done: true, value })
export const notYet = (state: string): CheckResult<never> => ({ done: false, state })

/** A condition did not become true in time; the message says what was awaited, for how long, and what was seen last. */
export class WaitTimeout extends Error {
  readonly lastSeen: string

  constructor(what: string, timeoutMs: number, lastSeen: string) {
    super(`${what}: not within ${timeoutMs / 1000} s; last seen: ${lastSeen}`)
    this.name = 'WaitTimeout'
    this.lastSeen = lastSeen
  }
}

/**
 * Polls until `check` returns `arrived`.
 * @throws WaitTimeout at the deadline; whatever `check` throws; the signal's reason when it aborts.
 */
export async function waitUntil<T>(
  what: string,
  check: () => Promise<CheckResult<T>>,
  options: WaitOptions,
): Promise<T> {
  const { timeoutMs, intervalMs = 100, signal } = options
  let lastSeen = 'nothing yet'
  const over = new AbortController()
  // p-wait-for gets neither signal nor timeout: it would leave a listener on them for every check, and it keeps its
  // deadline only between two checks; the race below also ends a check that hangs.
  const poll = async () => {
    if (over.signal.aborted) return true
    signal?.throwIfAborted()
    const result = await check()
    if (result.done) return pWaitFor.resolveWith(result.value)
    lastSeen = result.state
    return false
  }
  const deadline = sleep(Math.min(timeoutMs, LONGEST_TIMER_MS), undefined, { signal: over.signal }).then(
    () => {
      throw new WaitTimeout(what, timeoutMs, lastSeen)
    },
  )
  deadline.catch(() => undefined)
  const aborted = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true, signal: over.signal })
  })
  try {
    return (await Promise.race([pWaitFor(poll, { interval: intervalMs }), deadline, aborted])) as T
  } finally {
    over.abort()
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import pWaitFor from 'p-wait-for'

export interface WaitOptions {
  readonly timeoutMs: number
  readonly intervalMs?: number
  readonly signal?: AbortSignal
}

/** What a check saw: the value that was awaited, or a short account of what is there instead. */
export type Seen<T> =
  | { readonly done: true; readonly value: T }
  | { readonly done: false; readonly seen: string }

export const arrived = <T>(value: T): Seen<T> => ({ done: true, value })
export const notYet = (seen: string): Seen<never> => ({ done: false, seen })

/** Thrown when a condition did not hold in time; says what was awaited, for how long, and what was seen last. */
export class WaitTimeout extends Error {
  readonly lastSeen: string

  constructor(what: string, timeoutMs: number, lastSeen: string) {
    super(`${what}: not within ${timeoutMs / 1000} s; last seen: ${lastSeen}`)
    this.name = 'WaitTimeout'
    this.lastSeen = lastSeen
  }
}

/**
 * Polls until `check` reports done.
 * @throws WaitTimeout at the deadline; whatever `check` throws; the signal's reason when aborted.
 */
export async function waitUntil<T>(
  what: string,
  check: () => Promise<Seen<T>>,
  options: WaitOptions,
): Promise<T> {
  const { timeoutMs, intervalMs = 100, signal } = options
  let lastSeen = 'nothing yet'
  const over = new AbortController()
  // p-wait-for gets neither signal nor timeout: it would leave a listener on them for every look. And its deadline is
  // kept between two looks; these two also end a look that hangs.
  const look = async () => {
    if (over.signal.aborted) return true
    signal?.throwIfAborted()
    const seen = await check()
    if (seen.done) return pWaitFor.resolveWith(seen.value)
    lastSeen = seen.seen
    return false
  }
  const deadline = sleep(timeoutMs, undefined, { signal: over.signal }).then(() => {
    throw new WaitTimeout(what, timeoutMs, lastSeen)
  })
  deadline.catch(() => undefined)
  const aborted = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true, signal: over.signal })
  })
  try {
    return (await Promise.race([pWaitFor(look, { interval: intervalMs }), deadline, aborted])) as T
  } finally {
    over.abort()
  }
}

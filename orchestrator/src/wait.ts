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
  const polling = pWaitFor(
    async () => {
      const seen = await check()
      if (seen.done) return pWaitFor.resolveWith(seen.value)
      lastSeen = seen.seen
      return false
    },
    {
      interval: options.intervalMs ?? 100,
      timeout: options.timeoutMs,
      ...(options.signal ? { signal: options.signal } : {}),
    },
  )
  try {
    return (await Promise.race([polling, atTheLatest(options, over.signal)])) as T
  } catch (error) {
    if (error instanceof TimeoutError) throw new WaitTimeout(what, options.timeoutMs, lastSeen)
    throw error
  } finally {
    over.abort()
  }
}

/** Rejects at the deadline or when aborted, also in the midst of a check that hangs, for which p-wait-for would wait. */
function atTheLatest({ timeoutMs, signal }: WaitOptions, over: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const timer = setTimeout(() => reject(new TimeoutError()), timeoutMs)
    over.addEventListener('abort', () => clearTimeout(timer), { once: true })
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true, signal: over })
  })
}

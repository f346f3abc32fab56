import { onTestFinished, vi } from 'vitest'

// Vitest's fake timers replace the global timers but not `node:timers/promises`. A test file that needs virtual time
// replaces that module with this one: vi.mock('node:timers/promises', () => import('.../virtual-time.fixture.ts'))

interface Options {
  readonly signal?: AbortSignal
}

export function setTimeout<T>(ms: number, value?: T, { signal }: Options = {}): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = globalThis.setTimeout(() => {
      signal?.removeEventListener('abort', abort)
      resolve(value)
    }, ms)
    if (signal?.aborted) abort()
    else signal?.addEventListener('abort', abort, { once: true })
  })
}

export async function* setInterval<T>(ms: number, value?: T, options?: Options) {
  for (;;) yield await setTimeout(ms, value, options)
}

/**
 * For the rest of the test, the clock jumps to the next timer whenever nothing else is left to do: waits take no time, and
 * `Date.now()` shows what they would have taken. Not for tests that also wait for files or processes: those take real time.
 */
export function useVirtualTime(): void {
  vi.useFakeTimers({
    toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
    now: Date.parse('2026-01-01T00:00:00Z'),
  })
  vi.setTimerTickMode('nextTimerAsync')
  onTestFinished(() => void vi.useRealTimers())
}

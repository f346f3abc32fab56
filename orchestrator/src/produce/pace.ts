import { setTimeout as sleep } from 'node:timers/promises'

const TICK_MS = 25

/** Passes on at most `rate` lines per second, evenly; ends when the signal aborts. */
export async function* pace<T>(
  chunks: AsyncIterable<readonly T[]>,
  rate: number,
  signal: AbortSignal,
): AsyncGenerator<T[]> {
  const startedAt = performance.now()
  let passed = 0
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length; ) {
      const due = dueLines(performance.now() - startedAt, rate) - passed
      const some = chunk.slice(from, from + due)
      if (some.length > 0) yield some
      else await sleep(TICK_MS, undefined, { signal }).catch(() => {})
      if (signal.aborted) return
      from += some.length
      passed += some.length
    }
  }
}

/** How many lines may have been passed on by this time; the first one is passed on at once. */
export const dueLines = (elapsedMs: number, rate: number): number =>
  Math.floor((elapsedMs * rate) / 1_000) + 1

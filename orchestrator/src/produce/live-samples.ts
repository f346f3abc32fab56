import { setTimeout as sleep } from 'node:timers/promises'
import { type CpuTimes, cpuPercent, readCpuTimes } from './cpu-times.ts'
import { formatSample } from './sample.ts'

/** Samples per second: ten per window of 500 ms. */
export const LIVE_RATE = 20
/** Times are whole milliseconds, and so are timers. */
export const MAX_LIVE_RATE = 1_000
/** After a longer pause of the process, samples that were due in it are left out. */
const CATCH_UP_MS = 1_000
/** Samples that became due while others were sent. */
const MOST_AT_ONCE = 100
/** The kernel counts in steps of 10 ms per core, which would dominate the percentage over a shorter span. */
export const SPAN_MS = 200

export interface LiveOptions {
  /** Samples per second. */
  readonly rate: number
  /** Ends after this long; undefined: when the signal aborts. */
  readonly seconds: number | undefined
  readonly signal: AbortSignal
}

/** Samples this machine's CPU use, in percent of all cores over the last 200 ms; yields each sample when it is taken, or with those that became due meanwhile. */
export async function* liveSamples({ rate, seconds, signal }: LiveOptions): AsyncGenerator<Buffer[]> {
  const steps = Math.max(Math.round((SPAN_MS * rate) / 1_000), 1)
  const readings: CpuTimes[] = [await readCpuTimes()]
  let taken: Buffer[] = []
  const startMs = performance.now()
  const endMs = seconds === undefined ? Number.POSITIVE_INFINITY : startMs + seconds * 1_000
  try {
    for (let dueMs = startMs + 1_000 / rate; dueMs < endMs + 500 / rate; dueMs += 1_000 / rate) {
      dueMs = Math.max(dueMs, performance.now() - CATCH_UP_MS)
      if (dueMs > performance.now() || taken.length >= MOST_AT_ONCE) {
        if (taken.length > 0) yield taken
        taken = []
        if (dueMs > performance.now()) await sleep(dueMs - performance.now(), undefined, { signal })
      }
      if (signal.aborted) return
      readings.push(await readCpuTimes())
      if (readings.length > steps + 1) readings.shift()
      const percent = cpuPercent(readings[0] as CpuTimes, readings.at(-1) as CpuTimes)
      if (percent !== undefined)
        taken.push(Buffer.from(formatSample({ timeMs: Date.now(), cpu: percent.toFixed(2) })))
    }
    if (taken.length > 0) yield taken
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

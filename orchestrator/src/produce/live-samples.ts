import { setInterval as everyMs } from 'node:timers/promises'
import { type CpuTimes, cpuPercent, readCpuTimes } from './cpu-times.ts'
import { formatSample } from './sample.ts'

/** Samples per second: ten per window of 500 ms. */
export const LIVE_RATE = 20
/** The kernel counts in steps of 10 ms per core, which would dominate the percentage over a shorter span. */
const SPAN_MS = 200

export interface LiveOptions {
  /** Samples per second. */
  readonly rate: number
  /** Ends after this long; undefined: when the signal aborts. */
  readonly seconds: number | undefined
  readonly signal: AbortSignal
}

/** Samples this machine's CPU use, in percent of all cores over the last 200 ms; yields each sample when it is taken. */
export async function* liveSamples({ rate, seconds, signal }: LiveOptions): AsyncGenerator<Buffer[]> {
  const steps = Math.max(Math.round((SPAN_MS * rate) / 1_000), 1)
  const readings: CpuTimes[] = [await readCpuTimes()]
  const endMs = seconds === undefined ? Number.POSITIVE_INFINITY : performance.now() + seconds * 1_000
  try {
    for await (const _ of everyMs(1_000 / rate, undefined, { signal })) {
      readings.push(await readCpuTimes())
      if (readings.length > steps + 1) readings.shift()
      const percent = cpuPercent(readings[0] as CpuTimes, readings.at(-1) as CpuTimes)
      if (percent !== undefined)
        yield [Buffer.from(formatSample({ timeMs: Date.now(), cpu: percent.toFixed(2) }))]
      if (performance.now() >= endMs) return
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

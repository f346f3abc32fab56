import { setInterval as everyMs } from 'node:timers/promises'
import { type CpuTimes, cpuPercent, readCpuTimes } from './cpu-times.ts'

/** Twenty a second put ten samples into a window of 500 ms. */
export const LIVE_RATE = 20
/** The kernel counts in steps of 10 ms a core: a shorter look back would see little else than the steps. */
const LOOK_BACK_MS = 200

export interface LiveOptions {
  /** Samples a second. */
  readonly rate: number
  /** Ends after this long; undefined: when the signal aborts. */
  readonly seconds: number | undefined
  readonly signal: AbortSignal
}

/** This machine's CPU use as samples, one at a time as they are taken: percent of all cores over the last 200 ms. */
export async function* liveSamples({ rate, seconds, signal }: LiveOptions): AsyncGenerator<Buffer[]> {
  const lookBack = Math.max(Math.round((LOOK_BACK_MS * rate) / 1_000), 1)
  const looks: CpuTimes[] = [await readCpuTimes()]
  const endMs = seconds === undefined ? Number.POSITIVE_INFINITY : performance.now() + seconds * 1_000
  try {
    for await (const _ of everyMs(1_000 / rate, undefined, { signal })) {
      looks.push(await readCpuTimes())
      if (looks.length > lookBack + 1) looks.shift()
      const percent = cpuPercent(looks[0] as CpuTimes, looks.at(-1) as CpuTimes)
      if (percent !== undefined) yield [Buffer.from(`${Date.now()},${percent.toFixed(2)}`)]
      if (performance.now() >= endMs) return
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

import { formatSample } from '../produce/sample.ts'

/** CPU use in normal operation, percent: the same as the detector's default settings. */
export const NORMAL = { mean: 14.5, stddev: 2.7 }

const SAMPLES_PER_SECOND = 20
const SECONDS = 3_600
export const HOUR_SAMPLES = SECONDS * SAMPLES_PER_SECOND

/** An anomaly: when it begins, how long it lasts, and how much CPU it adds. */
interface Anomaly {
  readonly atSecond: number
  readonly seconds: number
  readonly addedPercent: number
}

const ANOMALIES: readonly Anomaly[] = [
  { atSecond: 407, seconds: 2, addedPercent: 52 }, // a build
  { atSecond: 1_145, seconds: 3, addedPercent: 4.2 }, // a backup, barely visible
  { atSecond: 1_903, seconds: 1, addedPercent: 78 }, // a runaway loop
  { atSecond: 2_610, seconds: 2.5, addedPercent: 9 },
  { atSecond: 3_318, seconds: 1.5, addedPercent: 33 },
]

/** An hour of samples with five anomalies, as record values, one second at a time; only the times differ between calls. */
export async function* simulatedHour(startMs: number): AsyncGenerator<Buffer[]> {
  const random = mulberry32(20_171_026)
  let drift = 0
  for (let second = 0; second < SECONDS; second += 1) {
    const values: Buffer[] = []
    for (let nth = 0; nth < SAMPLES_PER_SECOND; nth += 1) {
      const at = second + nth / SAMPLES_PER_SECOND
      drift = 0.999 * drift + 0.012 * gaussian(random)
      const cpu = NORMAL.mean + drift + 1.8 * gaussian(random) + added(at)
      const sample = { timeMs: startMs + Math.round(at * 1_000), cpu: clamp(cpu).toFixed(2) }
      values.push(Buffer.from(formatSample(sample)))
    }
    yield values
  }
}

const added = (second: number): number =>
  ANOMALIES.filter(({ atSecond, seconds }) => second >= atSecond && second < atSecond + seconds).reduce(
    (sum, { addedPercent }) => sum + addedPercent,
    0,
  )

const clamp = (percent: number): number => Math.min(Math.max(percent, 0), 100)

/** mulberry32 by Tommy Ettinger: random numbers in [0, 1) that are the same on every machine. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Normally distributed with mean 0 and standard deviation 1 (Box-Muller). */
function gaussian(random: () => number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()))
  return radius * Math.cos(2 * Math.PI * random())
}

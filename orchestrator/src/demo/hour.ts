import { formatSample } from '../produce/sample.ts'

/** What a machine does in normal operation, percent: the detector's default settings describe it. */
export const NORMAL = { mean: 14.5, stddev: 2.7 }

const SAMPLES_PER_SECOND = 20
const SECONDS = 3_600
export const HOUR_SAMPLES = SECONDS * SAMPLES_PER_SECOND

/** Something out of the ordinary: when it begins, how long it lasts, and how much it adds at its height. */
interface Episode {
  readonly atSecond: number
  readonly seconds: number
  readonly addedPercent: number
}

const EPISODES: readonly Episode[] = [
  { atSecond: 407, seconds: 2, addedPercent: 52 }, // a build
  { atSecond: 1_145, seconds: 3, addedPercent: 4.2 }, // a backup that barely shows
  { atSecond: 1_903, seconds: 1, addedPercent: 78 }, // a runaway loop
  { atSecond: 2_610, seconds: 2.5, addedPercent: 9 },
  { atSecond: 3_318, seconds: 1.5, addedPercent: 33 },
]

/** An hour of CPU with five anomalies in it, the same at each call but for its time: values of Kafka records. */
export async function* recordedHour(startMs: number): AsyncGenerator<Buffer[]> {
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
  EPISODES.filter(({ atSecond, seconds }) => second >= atSecond && second < atSecond + seconds).reduce(
    (sum, { addedPercent }) => sum + addedPercent,
    0,
  )

const clamp = (percent: number): number => Math.min(Math.max(percent, 0), 100)

/** Numbers from 0 up to 1; mulberry32 by Tommy Ettinger, for a sequence that is the same everywhere. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Box-Muller: mean 0, standard deviation 1. */
function gaussian(random: () => number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()))
  return radius * Math.cos(2 * Math.PI * random())
}

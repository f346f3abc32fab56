import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RawRecord } from './kafka.ts'
import type { Sample } from './oracle.ts'
import { packageRoot } from './stack.ts'

/** 10,000 samples of a real machine; too large to ship, so the file may be missing. */
export const goldenFile = join(packageRoot, '..', 'shared', 'data', 'cpu_usage.csv')
export const hasGolden = existsSync(goldenFile)

export const goldenSamples = (): Sample[] =>
  readFileSync(goldenFile, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))
    .map(([time, cpu]) => ({ timeMs: Number(time), cpu: Number(cpu) }))

/** A line of CSV as `produce` reads it. */
export const toLine = ({ timeMs, cpu }: Sample): string => `${timeMs},${cpu}`

/** A record without a key. */
export const toRecord = (sample: Sample): RawRecord => ({ key: null, value: Buffer.from(toLine(sample)) })

export const toRecords = (samples: readonly Sample[]): RawRecord[] => samples.map(toRecord)

/** Samples that are `everyMs` apart, with anomalies in between; the same on each call. */
export function steadySamples(startMs: number, count: number, everyMs: number): Sample[] {
  let state = 42
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
  return Array.from({ length: count }, (_, index) => {
    const anomaly = index % 700 < 60 ? 30 : index % 900 < 50 ? 4 : 0
    return { timeMs: startMs + index * everyMs, cpu: Math.round((10 + 9 * random() + anomaly) * 100) / 100 }
  })
}

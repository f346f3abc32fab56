import type { TopicRecord } from '../kafka/topic-reader.ts'
import { readSample } from './sample.ts'

/** The newest time in these records, up to a limit, beyond which samples do not count; minus infinity without any. */
export function newestTime(records: readonly Pick<TopicRecord, 'value'>[], latestMs: number): number {
  const times = records
    .flatMap(({ value }) => String(value).split('\n'))
    .map((line) => readSample(line))
    .flatMap((sample) => (sample?.unit === 'ms' && sample.timeMs <= latestMs ? sample.timeMs : []))
  return times.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
}

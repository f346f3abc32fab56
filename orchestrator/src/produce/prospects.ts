import type { Line } from './line.ts'
import type { Restamp } from './restamp.ts'
import { readSample, type Sample } from './sample.ts'
import { type CpuRange, isOutside, type Survey } from './survey.ts'
import { type WindowRule, windowStart } from './windows.ts'

/** What decides whether a sample will count, apart from the sample itself. Times are milliseconds since 1970. */
export interface Circumstances extends CpuRange, WindowRule {
  /** What the input is called. */
  readonly name: string
  readonly isComplete: boolean
  /** By the clock that counts: the broker's, as far as it is known. */
  readonly nowMs: number
  /** How far this machine's clock is behind the broker's at least. */
  readonly clockBehindMs: number
  /** How much has been taken from the broker's clock, which is also this machine's, since the topic's last record. */
  readonly setBackMs: number
  readonly maxFutureSkewMs: number
  /** In real-time mode CHECKPOINT_INTERVAL, by which a sample may be further in the future; else 0. */
  readonly batchMs: number
  readonly deadLetterTopic: string
  readonly isSorted: boolean
  /** Does a new checkpoint read the topic from its beginning? See STARTING_OFFSETS. */
  readonly isReadAgain: boolean
  /** Undefined if no job has read this topic. */
  readonly job: JobWatermark | undefined
}

/** What is known before an input is looked at. */
export type Given = Omit<Circumstances, 'name' | 'isComplete' | 'isSorted' | 'nowMs'>

/** A window that starts at or before one of these gets no more samples. */
interface JobWatermark {
  /** For every batch that has not begun yet. */
  readonly closedMs: number
  /** For the batch after that, by what has been read so far. */
  readonly closingMs: number
}

/** Why a sample will not count. */
type Fate = 'early' | 'late' | 'closing' | 'future'

/** How many samples will not count. */
export interface Prospects {
  /** Before September 2001: the job takes the time for one in another unit. Only `--now` makes such a time. */
  readonly early: number
  readonly late: number
  /** Late unless the job reads them in its next batch. */
  readonly closing: number
  readonly future: number
  /** Those that may count: none of the above but `closing`, and in range. */
  readonly usable: number
  /** Nearly all samples are far older than the newest one. */
  readonly isNewestFar: boolean
}

/** See `guard.py`. */
const EARLIEST_MS = 1e12
const DAY_MS = 86_400_000

/** Counts the samples that will not count; reads the lines only if the answer differs between them. */
export async function prospects(
  lines: () => AsyncIterable<readonly Line[]>,
  { samples, oldest, newest, outOfRange }: Survey,
  restamp: Restamp | undefined,
  circumstances: Circumstances,
): Promise<Prospects> {
  const none = { early: 0, late: 0, closing: 0, future: 0, usable: 0, isNewestFar: false }
  if (!oldest || !newest) return none
  const fate = (sample: Pick<Sample, 'timeMs'>) =>
    fateOf(restamp ? restamp(sample) : sample.timeMs, circumstances)
  const [first, last] = [fate(oldest), fate(newest)]
  const isLong = restamp !== undefined && restamp(newest) - restamp(oldest) > DAY_MS
  if (first === last && !isLong)
    return { ...none, ...(first && { [first]: samples }), usable: isLost(first) ? 0 : samples - outOfRange }
  const counts = { ...none }
  const spanMs = newest.timeMs - oldest.timeMs
  let old = 0
  for await (const some of lines())
    for (const { bytes } of some) {
      const sample = readSample(bytes.toString('latin1'))
      if (!sample) continue
      const found = fate(sample)
      if (found) counts[found] += 1
      if (!isLost(found) && !isOutside(sample.cpu, circumstances)) counts.usable += 1
      if (sample.timeMs - oldest.timeMs < spanMs / 10) old += 1
    }
  return { ...counts, isNewestFar: spanMs > DAY_MS && old >= samples * 0.9 }
}

const isLost = (fate: Fate | undefined): boolean => fate !== undefined && fate !== 'closing'

/** Why a sample of this time will not count; undefined if it will. */
export function fateOf(
  timeMs: number,
  {
    nowMs,
    maxFutureSkewMs,
    batchMs,
    windowMs,
    job,
  }: Pick<Circumstances, 'nowMs' | 'maxFutureSkewMs' | 'batchMs' | 'windowMs' | 'job'>,
): Fate | undefined {
  if (timeMs < EARLIEST_MS) return 'early'
  if (timeMs > nowMs + maxFutureSkewMs + batchMs) return 'future'
  if (!job) return undefined
  const start = windowStart(timeMs, windowMs)
  return start <= job.closedMs ? 'late' : start <= job.closingMs ? 'closing' : undefined
}

import type { Restamp } from './restamp.ts'
import { readSample, type Sample } from './sample.ts'
import type { CpuRange, Survey } from './survey.ts'

/** What decides whether a sample will count, apart from the sample itself. Times are milliseconds since 1970. */
export interface Circumstances extends CpuRange {
  /** What the input is called. */
  readonly name: string
  readonly isComplete: boolean
  /** By the clock that counts: the broker's, as far as it is known. */
  readonly nowMs: number
  /** How far this machine's clock is behind the broker's at least. */
  readonly clockBehindMs: number
  readonly maxFutureSkewMs: number
  readonly windowMs: number
  /** How much older than the newest window's start a window's start may be. */
  readonly toleranceMs: number
  readonly deadLetterTopic: string
  readonly isSorted: boolean
  /** Undefined if no job has read this topic. */
  readonly job: JobWatermark | undefined
}

/** A window that starts at or before one of these gets no more samples. */
interface JobWatermark {
  /** For every batch that has not begun yet. */
  readonly closedMs: number
  /** For the batch after that, by what has been read so far. */
  readonly closingMs: number
}

/** How many samples will not count. */
export interface Prospects {
  readonly late: number
  /** Late unless the job reads them in its next batch. */
  readonly closing: number
  readonly future: number
}

const windowStart = (timeMs: number, windowMs: number): number => Math.floor(timeMs / windowMs) * windowMs

/** Counts the samples that will not count; reads the lines only if the answer differs between them. */
export async function prospects(
  lines: () => AsyncIterable<readonly Buffer[]>,
  { samples, oldest, newest }: Survey,
  restamp: Restamp | undefined,
  circumstances: Circumstances,
): Promise<Prospects> {
  const counts = { late: 0, closing: 0, future: 0 }
  if (!oldest || !newest) return counts
  const fate = (sample: Pick<Sample, 'timeMs'>) =>
    fateOf(restamp ? restamp(sample) : sample.timeMs, circumstances)
  const [first, last] = [fate(oldest), fate(newest)]
  if (first === last) return first ? { ...counts, [first]: samples } : counts
  for await (const some of lines())
    for (const line of some) {
      const sample = readSample(line.toString('latin1'))
      const found = sample && fate(sample)
      if (found) counts[found] += 1
    }
  return counts
}

/** Why a sample of this time will not count; undefined if it will. */
export function fateOf(
  timeMs: number,
  {
    nowMs,
    maxFutureSkewMs,
    windowMs,
    job,
  }: Pick<Circumstances, 'nowMs' | 'maxFutureSkewMs' | 'windowMs' | 'job'>,
): keyof Prospects | undefined {
  if (timeMs > nowMs + maxFutureSkewMs) return 'future'
  if (!job) return undefined
  const start = windowStart(timeMs, windowMs)
  return start <= job.closedMs ? 'late' : start <= job.closingMs ? 'closing' : undefined
}

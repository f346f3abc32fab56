import { STATUSES, type WindowResult, windowStartMs } from '../anomaly/result.ts'
import type { TopicRecord } from '../kafka/topic-reader.ts'
import { formatCount } from '../terminal/units.ts'
import { type JobFacts, jobTexts } from './job-watch.ts'
import type { ResultFeed } from './result-feed.ts'

export interface NewestResult {
  /** Of the newest window. */
  readonly result: WindowResult
  /** When the last result was written, epoch ms. */
  readonly writtenMs: number
}

/** Compares with what one poll returned: its records and the results in them. */
export function newerResult(
  before: NewestResult | undefined,
  results: readonly WindowResult[],
  records: readonly TopicRecord[],
): NewestResult | undefined {
  const newest = results.reduce<WindowResult | undefined>(
    (newer, result) => (newer && windowStartMs(newer) > windowStartMs(result) ? newer : result),
    before?.result,
  )
  if (!newest) return undefined
  const writtenMs = records.reduce(
    (last, { timestampMs }) => Math.max(last, timestampMs),
    before?.writtenMs ?? 0,
  )
  return { result: newest, writtenMs }
}

type Feed = Pick<ResultFeed, 'hidden' | 'unwanted' | 'waiting'>

/** The live line, most important first: a narrow terminal cuts it off. */
export function liveText(
  { hidden, unwanted, waiting }: Feed,
  newest: NewestResult | undefined,
  facts: JobFacts | undefined,
  nowMs: number,
): string {
  const names = STATUSES.filter((status) => unwanted.has(status)).join(' and ')
  return [
    ...(facts ? jobTexts(facts, newest?.writtenMs, nowMs) : []),
    ...(newest ? [newestText(newest, nowMs)] : ['waiting for results']),
    ...(hidden > 0 ? [`${formatCount(hidden)} ${names} windows not shown`] : []),
    ...(waiting > 0 ? [`${formatCount(waiting)} windows not final yet`] : []),
  ].join('; ')
}

function newestText({ result }: NewestResult, nowMs: number): string {
  const { start } = result.window
  const isToday = new Date(nowMs).toISOString().slice(0, 10) === start.slice(0, 10)
  return `newest ${start.slice(isToday ? 11 : 0, 19).replace('T', ' ')} ${result.status} ${result.mean.toFixed(1)} %`
}

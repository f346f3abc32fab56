import { type Finding, findingsByBroker, findings as findingsOf } from './findings.ts'
import type { Line, RecordLine } from './line.ts'
import { pace } from './pace.ts'
import { PassingCheck } from './passing-check.ts'
import { type Given, prospects } from './prospects.ts'
import { toRecordValues, withoutHeader } from './record-values.ts'
import { type Restamp, shiftNewestTo } from './restamp.ts'
import type { SampleInput } from './sample-input.ts'
import { sortLines } from './sort-lines.ts'
import { type Survey, type SurveyRules, survey } from './survey.ts'
import { tableFindings } from './table-lines.ts'

export interface SendOptions {
  readonly rate?: number | undefined
  readonly now?: boolean | undefined
  readonly sort?: boolean | undefined
  /** Do the series of a table become the keys of its records? */
  readonly isKeyed: boolean
  /** Does the job compute each key by itself? */
  readonly isGrouped: boolean
  readonly signal: AbortSignal
}

/** An input that was looked at and can be sent. */
export interface Prepared {
  readonly survey: Survey
  readonly findings: readonly Finding[]
  /** What to say of the future, if this machine's clock turns out to be so far ahead of the broker's. */
  byBrokerClock(aheadMs: number): Promise<Finding[]>
  /** The values of the records, in order; can be read once. */
  values(warn: (line: string) => void): AsyncIterable<readonly RecordLine[]>
  /** How many lines that are not samples have been sent. */
  unlike(): number
  /** What was found in lines that came after the known ones; undefined if nothing. */
  summary(): string | undefined
}

/** Looks at what is known of an input, and decides how it is sent. */
export async function prepare(input: SampleInput, options: SendOptions, given: Given): Promise<Prepared> {
  const nowMs = Date.now() + given.clockBehindMs
  const found = await survey(input.known(), surveyRules(given, options, nowMs))
  const restamp = restampOf(found, options, Date.now())
  const isSorted = isSortedFirst(input, options) || (options.now === true && options.rate !== undefined)
  const circumstances = { ...given, nowMs, name: input.name, isComplete: input.isComplete, isSorted }
  const counts = await prospects(input.known, found, restamp, circumstances)
  let check: PassingCheck | undefined
  let unlike = 0
  return {
    survey: found,
    findings: [
      ...(input.table ? tableFindings(input.table, options) : []),
      ...findingsOf(found, restamp, counts, circumstances),
    ],
    byBrokerClock: async (aheadMs) => {
      const known = { ...circumstances, nowMs: Date.now() - aheadMs }
      check?.setClock(aheadMs)
      const future = await prospects(input.known, found, restamp, known)
      return findingsByBroker(found, restamp, future, known, aheadMs)
    },
    values: (warn) => {
      if (!input.isComplete) check = new PassingCheck(circumstances, found, warn)
      return toRecordValues(inOrder(input, found, options), {
        restamp,
        onSample: check?.onSample,
        onUnlike: (line, number) => {
          unlike += 1
          check?.onUnlike(line, number)
        },
      })
    },
    unlike: () => unlike,
    summary: () => check?.summary(),
  }
}

/** `--now` decides later where the windows of the samples begin, so any of them may be late that are older by the delay. */
function surveyRules(given: Given, { now }: SendOptions, nowMs: number): SurveyRules {
  const { windowMs, toleranceMs, maxFutureSkewMs, batchMs } = given
  if (now)
    return {
      ...given,
      windowMs: 1,
      toleranceMs: toleranceMs - windowMs + 1,
      latestMs: Number.POSITIVE_INFINITY,
    }
  return { ...given, latestMs: nowMs + maxFutureSkewMs + batchMs }
}

/**
 * How `--now` restamps: all samples shift by the same span, so that the newest one gets the present time. With --rate,
 * each sample gets the time at which it is sent instead.
 */
function restampOf({ newest }: Survey, { now, rate }: SendOptions, nowMs: number): Restamp | undefined {
  if (!now) return undefined
  if (rate !== undefined) return () => Date.now()
  return newest && shiftNewestTo(newest, nowMs)
}

/** A table that begins with its newest sample is sorted without being asked for. */
const isSortedFirst = ({ table }: SampleInput, { sort }: SendOptions): boolean =>
  sort === true || table?.isNewestFirst === true

function inOrder(
  input: SampleInput,
  { header }: Survey,
  options: SendOptions,
): AsyncIterable<readonly Line[]> {
  const { rate, signal } = options
  const all = header === undefined ? input.all() : withoutHeader(input.all())
  const ordered = isSortedFirst(input, options) ? sortLines(all) : all
  return rate === undefined ? ordered : pace(ordered, rate, signal)
}

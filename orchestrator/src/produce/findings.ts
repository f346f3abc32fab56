import { UNIT_NAMES } from '../table/time-unit.ts'
import { formatTimeSpan, plural } from '../terminal/units.ts'
import { clockDifference, SET_CLOCKS, TOLERATED_MS } from './clock.ts'
import { explainLine } from './explain-line.ts'
import { behindFindings } from './live-findings.ts'
import type { Circumstances, Prospects } from './prospects.ts'
import type { Restamp } from './restamp.ts'
import type { Survey, TimedLine } from './survey.ts'

/** What stands against sending, and what to know before it. */
export interface Finding {
  readonly kind: 'refuse' | 'warn' | 'note'
  readonly message: string
  readonly hint?: string
}

/** Everything to say about an input before it is sent. */
export function findings(
  survey: Survey,
  restamp: Restamp | undefined,
  counts: Prospects,
  circumstances: Circumstances,
): Finding[] {
  const format = formatFindings(survey, circumstances)
  if (survey.samples === 0) return format
  const found = [
    ...format,
    ...behindFindings(circumstances, restamp !== undefined),
    ...rangeFindings(survey, circumstances),
    ...valueFindings(survey),
    ...orderFindings(survey, circumstances),
    ...shiftFindings(survey, restamp, counts, circumstances),
    ...futureFindings(survey, restamp, counts, circumstances),
    ...lateFindings(survey, restamp, counts, circumstances),
  ]
  return [...found, ...hopeless(survey, counts, found)]
}

/** Refuses an input of which no sample will count, if no single reason does. */
function hopeless(
  { samples, outOfRange }: Survey,
  { early, late, future, usable }: Prospects,
  found: readonly Finding[],
): Finding[] {
  if (usable > 0 || found.some(({ kind }) => kind === 'refuse')) return []
  const reasons: readonly (readonly [number, string])[] = [
    [late, 'late'],
    [future, 'in the future'],
    [early, 'before September 2001'],
    [outOfRange, 'outside CPU_MIN and CPU_MAX'],
  ]
  const why = reasons.filter(([count]) => count > 0).map(([count, reason]) => `${count} ${reason}`)
  return [
    { kind: 'refuse', message: `none of the ${plural(samples, 'sample')} would count: ${why.join(', ')}` },
  ]
}

function formatFindings(
  { header, lines, units, samples, firstUnlike }: Survey,
  { name, isComplete, deadLetterTopic }: Circumstances,
): Finding[] {
  const where = firstUnlike && explainLine(firstUnlike.number, firstUnlike.text)
  const hint =
    'A sample is a line time_millis,cpu such as 1509009792670,13.64: milliseconds since 1970 and percent.'
  if (samples === 0) {
    const message = where
      ? `cannot read samples from ${name}: ${where}; none of its ${isComplete ? '' : 'first '}lines is a sample`
      : `cannot read samples from ${name}: it has ${header === undefined ? 'no line' : 'only a header'}`
    return [{ kind: 'refuse', message, hint }]
  }
  const found: Finding[] = []
  if (header !== undefined)
    found.push({ kind: 'note', message: `The header is not sent: ${JSON.stringify(header)}` })
  found.push(...unitFindings(units))
  if (where)
    found.push({
      kind: 'warn',
      message: `${lines - samples} of ${ofLines(lines, isComplete)} are not samples and become dead letters in ${deadLetterTopic}; ${where}`,
    })
  return found
}

function unitFindings(units: Survey['units']): Finding[] {
  const [usual] = units
  if (units.length > 1) {
    const uses = units.map(
      (use) => `${UNIT_NAMES[use.unit]} (${plural(use.samples, 'sample')}, line ${use.first} first)`,
    )
    return [
      { kind: 'warn', message: `The times are in ${uses.join(' and ')}; each is converted to milliseconds` },
    ]
  }
  if (!usual || usual.unit === 'ms') return []
  return [
    {
      kind: 'note',
      message: `The times look like ${UNIT_NAMES[usual.unit]}, so they are sent converted to milliseconds.`,
    },
  ]
}

function rangeFindings(
  { samples, outOfRange, firstOutOfRange }: Survey,
  { isComplete, deadLetterTopic }: Circumstances,
): Finding[] {
  if (!firstOutOfRange) return []
  const { number, text } = firstOutOfRange
  return [
    {
      kind: outOfRange === samples ? 'refuse' : 'warn',
      message: `${outOfRange} of ${ofSamples(samples, isComplete)} are outside CPU_MIN and CPU_MAX and become dead letters in ${deadLetterTopic}; line ${number} has ${text} %`,
      hint: 'Change CPU_MIN and CPU_MAX in .env if these are right; the values must be percent.',
    },
  ]
}

/** Values that are hardly percent: a busy machine has more than 1 %, and the largest ones have hundreds of cores. */
function valueFindings({ firstValues }: Survey): Finding[] {
  if (!firstValues) return []
  const { count, least, most } = firstValues
  const isFraction = count >= 100 && least >= 0 && most > 0 && most <= 1
  if (!isFraction && least <= 100_000) return []
  const what = isFraction ? 'fractions, 0.5 for 50 %' : 'a counter'
  return [
    {
      kind: 'warn',
      message: `the CPU values are from ${least} to ${most}: are they ${what}? The job takes them for percent`,
      hint: 'CPU_MIN and CPU_MAX in .env make values out of range dead letters.',
    },
  ]
}

function orderFindings(
  { samples, unsorted, firstUnsorted }: Survey,
  { name, isSorted, isComplete }: Circumstances,
): Finding[] {
  if (isSorted || !firstUnsorted) return []
  const { number, behindMs } = firstUnsorted
  return [
    {
      kind: 'refuse',
      message: `${name} is not sorted by time: line ${number} is ${formatTimeSpan(behindMs)} older than a line before it; the job may read ${unsorted} of ${ofSamples(samples, isComplete)} too late, in no window`,
      hint: '--sort sends them in the order of their times; --anyway sends them as they are.',
    },
  ]
}

/** What `--now` does to the older samples if the newest one is far from them, most likely by mistake. */
function shiftFindings(
  { samples, newest }: Survey,
  restamp: Restamp | undefined,
  { early, isNewestFar }: Prospects,
  { deadLetterTopic, isComplete }: Circumstances,
): Finding[] {
  if (!newest || !restamp) return []
  const far: Finding = {
    kind: 'refuse',
    message: `line ${newest.number} (${isoTime(newest.timeMs)}) is far newer than nearly all samples, and --now would move it to the present and those into the past`,
    hint: 'Correct or remove that line; --anyway moves all samples by the same span.',
  }
  const unusable: Finding = {
    kind: 'warn',
    message: `--now moves ${early} of ${ofSamples(samples, isComplete)} to times before September 2001, so that they become dead letters in ${deadLetterTopic}`,
  }
  return [...(isNewestFar ? [far] : []), ...(early > 0 ? [unusable] : [])]
}

function futureFindings(
  { samples, newest }: Survey,
  restamp: Restamp | undefined,
  { future, isNewestFar }: Prospects,
  { nowMs, maxFutureSkewMs, batchMs, toleranceMs, deadLetterTopic, isComplete }: Circumstances,
  clock = "this machine's",
): Finding[] {
  if (!newest || restamp) return []
  const ahead = `line ${newest.number} is ${formatTimeSpan(newest.timeMs - nowMs)} ahead of ${clock} clock`
  const interval = batchMs > 0 ? `, CHECKPOINT_INTERVAL ${formatTimeSpan(batchMs)}` : ''
  const limit = `MAX_FUTURE_SKEW is ${formatTimeSpan(maxFutureSkewMs)}${interval}`
  if (future > 0)
    return [
      {
        kind: future === samples ? 'refuse' : 'warn',
        message: `${future} of ${ofSamples(samples, isComplete)} are in the future and become dead letters in ${deadLetterTopic}: ${ahead}, ${limit}`,
        hint: isNewestFar
          ? `Nearly all samples are far older than that line: is it right?`
          : '--now moves the newest sample to the present; --anyway sends them as they are. Is the clock right?',
      },
    ]
  if (newest.timeMs - toleranceMs <= nowMs) return []
  return [
    {
      kind: 'warn',
      message: `${ahead}: once the job has read it, samples of the present are late, in no window, for ${formatTimeSpan(newest.timeMs - toleranceMs - nowMs)}`,
    },
  ]
}

/** What to say of the future once the broker's clock is known, by which the job will judge. */
export function findingsByBroker(
  survey: Survey,
  restamp: Restamp | undefined,
  counts: Prospects,
  circumstances: Circumstances,
  aheadMs: number,
): Finding[] {
  const found = futureFindings(survey, restamp, counts, circumstances, "the broker's")
  return found.map(({ kind, message }) => ({
    kind,
    message: `${clockDifference(aheadMs)}: ${message}`,
    ...(Math.abs(aheadMs) > TOLERATED_MS && { hint: SET_CLOCKS }),
  }))
}

const waysOut = (isShifted: boolean, isReadAgain: boolean): readonly string[] => [
  ...(isShifted ? [] : ['--now moves the samples to the present.']),
  isReadAgain
    ? 'To count old and new samples together: `cpu-anomaly stop`, send them with --anyway, then `cpu-anomaly submit --new-checkpoint`.'
    : 'To count them: `cpu-anomaly stop`, then `cpu-anomaly submit --new-checkpoint`, which skips what is there (STARTING_OFFSETS=latest), and then send them.',
  'Or set INPUT_TOPIC to a topic of their own, and start a new checkpoint for it.',
]

function lateFindings(
  { samples, oldest, newest }: Survey,
  restamp: Restamp | undefined,
  { late, closing }: Prospects,
  { job, isComplete, isReadAgain }: Circumstances,
): Finding[] {
  if (!job || !oldest || !newest || late + closing === 0) return []
  const time = (line: TimedLine) => isoTime(restamp ? restamp(line) : line.timeMs)
  const range = `The samples are from ${time(oldest)} to ${time(newest)}.`
  const found: Finding[] = []
  const hint = [range, ...waysOut(restamp !== undefined, isReadAgain)]
  if (late > 0)
    found.push({
      kind: late === samples ? 'refuse' : 'warn',
      message: `${late} of ${ofSamples(samples, isComplete)} would be late, in no window: the job has read newer ones (its watermark is ${isoTime(job.closedMs)})`,
      hint: [...hint, ...(late === samples ? ['--anyway sends them, only to be counted as late.'] : [])].join(
        '\n',
      ),
    })
  if (closing > 0)
    found.push({
      kind: 'warn',
      message: `${closing} of ${ofSamples(samples, isComplete)} are older than what the job has read last: those that it does not read in its next batch will be late, in no window`,
      ...(late > 0 ? {} : { hint: hint.join('\n') }),
    })
  return found
}

const ofLines = (count: number, isComplete: boolean) => `${isComplete ? '' : 'the first '}${count} lines`
const ofSamples = (count: number, isComplete: boolean) => `${isComplete ? '' : 'the first '}${count} samples`
const isoTime = (timeMs: number) => new Date(timeMs).toISOString()

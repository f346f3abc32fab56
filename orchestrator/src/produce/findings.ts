import { formatTimeSpan } from '../terminal/units.ts'
import { clockDifference, SET_CLOCKS } from './clock.ts'
import { explainLine } from './explain-line.ts'
import { type Circumstances, fateOf, type Prospects } from './prospects.ts'
import type { Restamp } from './restamp.ts'
import type { Survey, TimedLine } from './survey.ts'
import { UNIT_NAMES } from './time-unit.ts'

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
  return [
    ...format,
    ...behindFindings(circumstances, restamp !== undefined),
    ...rangeFindings(survey, circumstances),
    ...valueFindings(survey),
    ...orderFindings(survey, circumstances),
    ...futureFindings(survey, restamp, counts, circumstances),
    ...lateFindings(survey, restamp, counts, circumstances),
  ]
}

/** What to say before this machine's own CPU is sampled for so many seconds, or without end. */
export function liveFindings(
  nowMs: number,
  seconds: number | undefined,
  circumstances: Pick<Circumstances, 'job' | 'windowMs' | 'maxFutureSkewMs' | 'clockBehindMs'>,
): Finding[] {
  const { job, clockBehindMs } = circumstances
  const behind = behindFindings(circumstances, true)
  const fate = fateOf(nowMs, { ...circumstances, nowMs })
  if (!job || !fate) return behind
  const untilMs = fate === 'late' ? job.closedMs : job.closingMs
  // The clock alone explains it: the job has read no sample from the future.
  if (untilMs <= nowMs + clockBehindMs)
    return behind.map((each) => ({ ...each, kind: fate === 'late' ? 'refuse' : 'warn' }))
  const isHopeless = fate === 'late' && seconds !== undefined && nowMs + seconds * 1_000 <= job.closedMs
  return [
    ...behind,
    {
      kind: isHopeless ? 'refuse' : 'warn',
      message: `the job's watermark is ${formatTimeSpan(untilMs - nowMs)} ahead of this machine's clock, because the job has read samples from the future: samples of the present are late, in no window, until ${isoTime(untilMs)}`,
      hint: 'Wait until then, or start a new checkpoint: `cpu-anomaly stop`, then `cpu-anomaly submit --new-checkpoint`.',
    },
  ]
}

/** What this machine's clock stamps may be late if it is behind. */
function behindFindings(
  { clockBehindMs }: Pick<Circumstances, 'clockBehindMs'>,
  isStampedHere: boolean,
): Finding[] {
  if (clockBehindMs === 0) return []
  const span = `this machine's clock is at least ${formatTimeSpan(clockBehindMs)} behind the broker's`
  const message = isStampedHere
    ? `${span}: samples that it stamps are late, in no window, once the job has read newer ones`
    : span
  return [{ kind: 'warn', message, hint: SET_CLOCKS }]
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

const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`

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

function futureFindings(
  { samples, newest }: Survey,
  restamp: Restamp | undefined,
  { future }: Prospects,
  { nowMs, maxFutureSkewMs, toleranceMs, deadLetterTopic, isComplete }: Circumstances,
  clock = "this machine's",
): Finding[] {
  if (!newest || restamp) return []
  const ahead = `line ${newest.number} is ${formatTimeSpan(newest.timeMs - nowMs)} ahead of ${clock} clock`
  const limit = `at most ${formatTimeSpan(maxFutureSkewMs)} is allowed (MAX_FUTURE_SKEW, in real-time mode plus CHECKPOINT_INTERVAL)`
  if (future > 0)
    return [
      {
        kind: future === samples ? 'refuse' : 'warn',
        message: `${future} of ${ofSamples(samples, isComplete)} are in the future and become dead letters in ${deadLetterTopic}: ${ahead}, ${limit}`,
        hint: '--now moves the newest sample to the present; --anyway sends them as they are. Is the clock right?',
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
    hint: SET_CLOCKS,
  }))
}

const WAYS_OUT = [
  '--now moves the samples to the present.',
  'To count old and new samples together: `cpu-anomaly stop`, send them with --anyway, then `cpu-anomaly submit --new-checkpoint`.',
  'Or set INPUT_TOPIC to a topic of their own, and start a new checkpoint for it.',
]

function lateFindings(
  { samples, oldest, newest }: Survey,
  restamp: Restamp | undefined,
  { late, closing }: Prospects,
  { job, isComplete }: Circumstances,
): Finding[] {
  if (!job || !oldest || !newest || late + closing === 0) return []
  const time = (line: TimedLine) => isoTime(restamp ? restamp(line) : line.timeMs)
  const range = `The samples are from ${time(oldest)} to ${time(newest)}.`
  const found: Finding[] = []
  const hint = [range, ...(restamp ? WAYS_OUT.slice(1) : WAYS_OUT)]
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

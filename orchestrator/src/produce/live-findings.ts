import { formatTimeSpan } from '../terminal/units.ts'
import { SET_CLOCKS } from './clock.ts'
import type { Finding } from './findings.ts'
import { fateOf, type Given } from './prospects.ts'

/** What to say before this machine's own CPU is sampled for so many seconds, or without end. */
export function liveFindings(nowMs: number, seconds: number | undefined, circumstances: Given): Finding[] {
  return [...liveRange(circumstances), ...liveClock(nowMs, seconds, circumstances)]
}

/** This machine's own samples are from 0 to 100 %. */
function liveRange({ cpuMin, cpuMax, deadLetterTopic }: Given): Finding[] {
  const [least, most] = [cpuMin ?? 0, cpuMax ?? 100]
  if (least <= 0 && most >= 100) return []
  return [
    {
      kind: least > 100 || most < 0 ? 'refuse' : 'warn',
      message: `live samples are from 0 to 100 %, and those outside CPU_MIN and CPU_MAX become dead letters in ${deadLetterTopic}`,
    },
  ]
}

function liveClock(nowMs: number, seconds: number | undefined, circumstances: Given): Finding[] {
  const { job, clockBehindMs, setBackMs, maxFutureSkewMs, isReadAgain } = circumstances
  const behind = behindFindings(circumstances, true)
  const fate = fateOf(nowMs, { ...circumstances, nowMs })
  if (!job || !fate) return behind
  const untilMs = fate === 'late' ? job.closedMs : job.closingMs
  // The clock alone explains it: the job has read no sample from the future.
  if (untilMs <= nowMs + clockBehindMs)
    return behind.map((each) => ({ ...each, kind: fate === 'late' ? 'refuse' : 'warn' }))
  const isHopeless = fate === 'late' && seconds !== undefined && nowMs + seconds * 1_000 <= job.closedMs
  const why =
    setBackMs > 0
      ? `this machine's clock was set back by at least ${formatTimeSpan(setBackMs)}`
      : 'the job has read samples from the future'
  const isReadAlike = isReadAgain && untilMs - nowMs <= maxFutureSkewMs
  return [
    {
      kind: isHopeless ? 'refuse' : 'warn',
      message: `the job's watermark is ${formatTimeSpan(untilMs - nowMs)} ahead of this machine's clock, because ${why}: samples of the present are late, in no window, until ${new Date(untilMs).toISOString()}`,
      hint: isReadAlike
        ? 'Wait until then: a new checkpoint would read the same samples again.'
        : 'Wait until then, or start a new checkpoint: `cpu-anomaly stop`, then `cpu-anomaly submit --new-checkpoint`.',
    },
  ]
}

/** What this machine's clock stamps may be late if it is behind. */
export function behindFindings(
  { clockBehindMs, setBackMs }: Pick<Given, 'clockBehindMs' | 'setBackMs'>,
  isStampedHere: boolean,
): Finding[] {
  if (clockBehindMs + setBackMs === 0) return []
  const span =
    setBackMs > 0
      ? `this machine's clock was set back by at least ${formatTimeSpan(setBackMs)} since the topic's last record`
      : `this machine's clock is at least ${formatTimeSpan(clockBehindMs)} behind the broker's`
  const message = isStampedHere
    ? `${span}: samples that it stamps are late, in no window, once the job has read newer ones`
    : span
  return [{ kind: 'warn', message, ...(clockBehindMs > 0 && { hint: SET_CLOCKS }) }]
}

/** When an open-loop producer sends: sample `i` at `startMs + i * 1000 / rate`, whatever happened to earlier ones. */
export interface Schedule {
  /** Epoch milliseconds, a multiple of the window. */
  readonly startMs: number
  /** Samples per second. */
  readonly rate: number
  readonly samples: number
  readonly windowMs: number
}

/** Epoch milliseconds; the end is exclusive. */
export interface Span {
  readonly fromMs: number
  readonly untilMs: number
}

export interface ScheduleOptions extends Pick<Schedule, 'rate' | 'windowMs'> {
  /** Epoch milliseconds. */
  readonly notBeforeMs: number
  readonly seconds: number
}

/** A schedule that begins at the start of a window. */
export function makeSchedule({ notBeforeMs, seconds, rate, windowMs }: ScheduleOptions): Schedule {
  const startMs = Math.ceil(notBeforeMs / windowMs) * windowMs
  return { startMs, rate, samples: Math.round(seconds * rate), windowMs }
}

/** When a sample is to be sent: epoch milliseconds with fractions. */
export const intendedMs = ({ startMs, rate }: Schedule, sample: number): number =>
  startMs + (sample * 1_000) / rate

/** The number of samples due by this time. */
export function dueBy({ startMs, rate, samples }: Schedule, nowMs: number): number {
  if (nowMs < startMs) return 0
  return Math.min(Math.floor(((nowMs - startMs) * rate) / 1_000) + 1, samples)
}

/** The index of the first sample at or after this time. */
const firstFrom = ({ startMs, rate, samples }: Schedule, timeMs: number): number =>
  Math.min(Math.max(Math.ceil(((timeMs - startMs) * rate) / 1_000), 0), samples)

/** The number of samples in the window that starts at this time. */
export const samplesIn = (schedule: Schedule, windowStartMs: number): number =>
  firstFrom(schedule, windowStartMs + schedule.windowMs) - firstFrom(schedule, windowStartMs)

/** The starts of the windows that lie entirely within the span and get samples. */
export function windowsIn(schedule: Schedule, { fromMs, untilMs }: Span): number[] {
  const { windowMs } = schedule
  const first = Math.ceil(fromMs / windowMs)
  const count = Math.max(Math.floor(untilMs / windowMs) - first, 0)
  return Array.from({ length: count }, (_, index) => (first + index) * windowMs).filter(
    (start) => samplesIn(schedule, start) > 0,
  )
}

/** The record value of a sample; its time is the intended one. */
export const sampleValue = (schedule: Schedule, sample: number): string =>
  `${Math.floor(intendedMs(schedule, sample))},${(14.5 + ((sample * 7_919) % 540) / 100 - 2.7).toFixed(2)}`

/** When an open-loop producer means to send: sample `i` at `startMs + i * 1000 / rate`, whatever became of those before it. */
export interface Schedule {
  /** Epoch milliseconds, a multiple of the window. */
  readonly startMs: number
  /** Samples a second. */
  readonly rate: number
  readonly samples: number
  readonly windowMs: number
}

export interface Span {
  readonly fromMs: number
  readonly untilMs: number
}

/** A schedule that begins at a window's start, at least `leadMs` from now. */
export function scheduleFrom(
  nowMs: number,
  leadMs: number,
  seconds: number,
  rate: number,
  windowMs: number,
): Schedule {
  const startMs = Math.ceil((nowMs + leadMs) / windowMs) * windowMs
  return { startMs, rate, samples: Math.round(seconds * rate), windowMs }
}

/** Epoch milliseconds, with fractions. */
export const intendedMs = ({ startMs, rate }: Schedule, sample: number): number =>
  startMs + (sample * 1_000) / rate

/** How many samples are to be sent by then. */
export function dueBy({ startMs, rate, samples }: Schedule, nowMs: number): number {
  if (nowMs < startMs) return 0
  return Math.min(Math.floor(((nowMs - startMs) * rate) / 1_000) + 1, samples)
}

/** The first sample at or after this time. */
const firstFrom = ({ startMs, rate, samples }: Schedule, timeMs: number): number =>
  Math.min(Math.max(Math.ceil(((timeMs - startMs) * rate) / 1_000), 0), samples)

/** How many samples fall into the window that starts then. */
export const samplesIn = (schedule: Schedule, windowStartMs: number): number =>
  firstFrom(schedule, windowStartMs + schedule.windowMs) - firstFrom(schedule, windowStartMs)

/** Starts of the whole windows within a span that get samples. */
export function windowsIn(schedule: Schedule, { fromMs, untilMs }: Span): number[] {
  const { windowMs } = schedule
  const first = Math.ceil(fromMs / windowMs)
  const count = Math.max(Math.floor(untilMs / windowMs) - first, 0)
  return Array.from({ length: count }, (_, index) => (first + index) * windowMs).filter(
    (start) => samplesIn(schedule, start) > 0,
  )
}

/** The value of a sample that is sent: its time is when it was meant to be sent. */
export const sampleValue = (schedule: Schedule, sample: number): string =>
  `${Math.floor(intendedMs(schedule, sample))},${(14.5 + ((sample * 7_919) % 540) / 100 - 2.7).toFixed(2)}`

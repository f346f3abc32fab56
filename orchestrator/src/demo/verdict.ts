import { type WindowResult, windowEndMs, windowStartMs } from '../anomaly/result.ts'
import type { Span } from './burst.ts'

/** What the job said of windows that are wholly inside the burst, and of those that are wholly outside. */
export interface Verdict {
  readonly inside: readonly WindowResult[]
  readonly missed: readonly WindowResult[]
  readonly outside: readonly WindowResult[]
  readonly falseAlarms: readonly WindowResult[]
}

/** A sample tells of the time before it, `sampleMs` long. */
export function judge(
  windows: readonly WindowResult[],
  { fromMs, untilMs }: Span,
  sampleMs: number,
): Verdict {
  const inside = windows.filter(
    (result) => windowStartMs(result) >= fromMs + sampleMs && windowEndMs(result) <= untilMs,
  )
  const outside = windows.filter(
    (result) => windowEndMs(result) <= fromMs || windowStartMs(result) >= untilMs + sampleMs,
  )
  return {
    inside,
    missed: inside.filter(({ status }) => status === 'SAFE'),
    outside,
    falseAlarms: outside.filter(({ status }) => status !== 'SAFE'),
  }
}

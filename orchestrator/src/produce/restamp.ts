import type { Sample } from './sample.ts'
import type { TimedLine } from './survey.ts'

/** Returns the new time of a sample, in epoch milliseconds. */
export type Restamp = (sample: Pick<Sample, 'timeMs'>) => number

/** Shifts all samples by the same span, so that the newest one gets `timeMs`; their spacing is kept. */
export const shiftNewestTo = (newest: TimedLine, timeMs: number): Restamp => {
  const shift = timeMs - newest.timeMs
  return (sample) => sample.timeMs + shift
}

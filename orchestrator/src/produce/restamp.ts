import { parseSample, type Sample } from './sample.ts'

/** Returns the new time of a sample, in epoch milliseconds. */
export type Restamp = (sample: Sample) => number

/** Shifts all samples by the same span, so that the newest one gets `timeMs`; their spacing is kept. */
export const shiftNewestTo = (newestMs: number, timeMs: number): Restamp => {
  const shift = timeMs - newestMs
  return (sample) => sample.timeMs + shift
}

/** The time of the newest sample; undefined if no line is a sample. */
export async function newestTime(lines: AsyncIterable<readonly Buffer[]>): Promise<number | undefined> {
  let newest: number | undefined
  for await (const some of lines)
    for (const line of some) {
      const timeMs = parseSample(line.toString('latin1'))?.timeMs
      if (timeMs !== undefined && (newest === undefined || timeMs > newest)) newest = timeMs
    }
  return newest
}

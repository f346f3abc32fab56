import type { Line } from './line.ts'
import { readSample } from './sample.ts'

const CHUNK_LINES = 10_000

/** All lines in the order of their times; lines that are not samples come last. Keeps them in memory. */
export async function* sortLines(lines: AsyncIterable<readonly Line[]>): AsyncGenerator<Line[]> {
  const timed: { readonly timeMs: number; readonly line: Line }[] = []
  for await (const some of lines)
    for (const line of some)
      timed.push({
        timeMs: readSample(line.bytes.toString('latin1'))?.timeMs ?? Number.POSITIVE_INFINITY,
        line,
      })
  // Infinity minus itself is not a number.
  timed.sort((a, b) => (a.timeMs === b.timeMs ? 0 : a.timeMs - b.timeMs))
  for (let from = 0; from < timed.length; from += CHUNK_LINES)
    yield timed.slice(from, from + CHUNK_LINES).map(({ line }) => line)
}

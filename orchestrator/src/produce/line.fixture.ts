import { type Line, numbered } from './line.ts'

/** Lines of text, those of each chunk together. */
export const linesOf = (...chunks: readonly (readonly string[])[]): AsyncGenerator<Line[]> =>
  numbered(
    (async function* () {
      for (const chunk of chunks) yield chunk.map((line) => Buffer.from(line))
    })(),
  )

import { splitLines } from './split-lines.ts'

/** Lines as they are, for topics whose records are not lines of time_millis,cpu. A blank line is no record. */
export async function* rawLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer[]> {
  for await (const lines of splitLines(chunks)) yield lines.filter((line) => line.length > 0)
}

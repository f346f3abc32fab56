import { CliError } from '../errors.ts'

const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d
/** A little less than the 1 MiB that a broker accepts by default. */
const MAX_LINE_BYTES = 1_000_000

/**
 * Splits bytes into lines without their line ends, otherwise unchanged; yields the lines of each chunk together.
 * @throws CliError USAGE for a line of more than 1 MB.
 */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer[]> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const lines: Buffer[] = []
    let from = 0
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, from)) {
      lines.push(withoutReturn(bytes.subarray(from, end)))
      from = end + 1
    }
    rest = bytes.subarray(from)
    if (rest.length > MAX_LINE_BYTES)
      throw new CliError('USAGE', 'the input has a line of more than 1 MB, which no record may have', {
        hint: 'Use a text file with one sample or one record per line.',
      })
    if (lines.length > 0) yield lines
  }
  if (rest.length > 0) yield [withoutReturn(rest)]
}

const withoutReturn = (line: Buffer): Buffer =>
  line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line

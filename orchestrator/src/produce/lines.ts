import { CliError } from '../errors.ts'

const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d
/** A little less than a broker takes by default. */
const LONGEST_LINE = 1_000_000

/**
 * Splits bytes into lines, without their line ends and otherwise as they are; yields as many at a time as came.
 * @throws CliError USAGE when a line has no end.
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
    if (rest.length > LONGEST_LINE)
      throw new CliError(
        'USAGE',
        'the input has a line of more than 1 MB, so it is no CSV of time_millis,cpu',
        {
          hint: 'Give a text file with one sample a line.',
        },
      )
    if (lines.length > 0) yield lines
  }
  if (rest.length > 0) yield [withoutReturn(rest)]
}

const withoutReturn = (line: Buffer): Buffer =>
  line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line

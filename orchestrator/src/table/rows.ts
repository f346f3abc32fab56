import { Parser } from 'csv-parse'
import { CliError } from '../errors.ts'

/** How the fields of a line are separated; `blanks`: by any number of blanks and tabs. */
export type Separator = ';' | '\t' | '|' | ',' | 'blanks'

export const SEPARATOR_NAMES: Readonly<Record<Separator, string>> = {
  ';': 'semicolon-separated',
  '\t': 'tab-separated',
  '|': 'bar-separated',
  ',': 'comma-separated',
  blanks: 'separated by blanks',
}

/** A line of a table. */
export interface Row {
  /** Without the whitespace and the quotes around them. */
  readonly fields: readonly string[]
  /** Counted from 1; of a row of several lines, the last one. */
  readonly line: number
}

const MAX_ROW_BYTES = 1_000_000

/**
 * Reads the rows of a table; those of each chunk together, without blank lines.
 * @throws CliError USAGE for a quote that is never closed.
 */
export async function* readRows(
  chunks: AsyncIterable<Buffer>,
  separator: Separator,
): AsyncGenerator<readonly Row[]> {
  const collector = new RowCollector(separator)
  for await (const chunk of chunks) {
    await collector.take(chunk)
    yield collector.rows()
  }
  await collector.end()
  yield collector.rows()
}

/** The library's parser, whose rows are taken from it with their lines: its own option for that takes five times as long. */
class RowParser extends Parser {
  found: Row[] = []

  override push(record: string[] | null): boolean {
    if (record === null) return super.push(null)
    this.found.push({ fields: record, line: this.info.lines })
    return true
  }
}

class RowCollector {
  readonly #parser: RowParser
  readonly #separator: Separator
  #failure: Error | undefined

  constructor(separator: Separator) {
    this.#separator = separator
    this.#parser = new RowParser({
      bom: true,
      delimiter: separator === 'blanks' ? [' ', '\t'] : separator,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      // Not for tabs and blanks, which are whitespace themselves.
      trim: separator !== 'blanks' && separator !== '\t',
      max_record_size: MAX_ROW_BYTES,
    })
    this.#parser.on('error', (error) => {
      this.#failure = error
    })
    this.#parser.resume()
  }

  take(chunk: Buffer): Promise<void> {
    return this.#settled((done) => this.#parser.write(chunk, done))
  }

  end(): Promise<void> {
    return this.#settled((done) => this.#parser.end(done))
  }

  /** Those since the last call. */
  rows(): readonly Row[] {
    const { found } = this.#parser
    this.#parser.found = []
    return found.map((row) => this.#clean(row)).filter(({ fields }) => fields.some((field) => field !== ''))
  }

  #clean({ fields, line }: Row): Row {
    const trimmed = fields.map((field) => field.trim())
    return { fields: this.#separator === 'blanks' ? trimmed.filter((field) => field !== '') : trimmed, line }
  }

  #settled(act: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure) reject(unreadable(this.#failure))
      else act((error) => (error ? reject(unreadable(error)) : resolve()))
    })
  }
}

/** A row that goes on to the end of the file, or for too long. */
export class UnclosedQuote extends CliError {
  constructor(line: string | undefined) {
    super('USAGE', `${line ? `line ${line}: ` : ''}a quote is never closed`, {
      hint: 'Correct that line; cpu-anomaly produce --raw sends lines as they are.',
    })
  }
}

const unreadable = ({ message }: Error): Error => new UnclosedQuote(/at line (\d+)/.exec(message)?.[1])

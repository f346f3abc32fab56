/** A row of a CSV text, and the line of the text in which it begins, from 1. */
interface CsvRow {
  readonly line: number
  /** Undefined if its quotes are not those of CSV. */
  readonly fields: readonly string[] | undefined
}

/** The rows of a text; blank lines are none. A field in quotes may hold commas, quotes and line breaks. */
export function* csvRows(text: string): Generator<CsvRow> {
  let line = 1
  for (let at = 0; at < text.length; ) {
    const { fields, end } = rowAt(text, at)
    if (fields?.length !== 1 || fields[0] !== '') yield { line, fields }
    line += countLineBreaks(text, at, end)
    at = end
  }
}

interface Scanned {
  readonly fields: readonly string[] | undefined
  /** Where the next row begins. */
  readonly end: number
}

function rowAt(text: string, at: number): Scanned {
  const end = endOfLine(text, at)
  const row = withoutLineBreak(text.slice(at, end))
  // Almost all rows are so simple, and there may be millions.
  return row.includes('"') || row.includes('\r') ? quotedRowAt(text, at) : { fields: row.split(','), end }
}

function withoutLineBreak(line: string): string {
  if (!line.endsWith('\n')) return line
  return line.slice(0, line.endsWith('\r\n') ? -2 : -1)
}

const FIELD = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y

function quotedRowAt(text: string, at: number): Scanned {
  const fields: string[] = []
  for (FIELD.lastIndex = at; ; ) {
    const [, quoted, plain = '', after] = FIELD.exec(text) ?? []
    if (after === undefined) return { fields: undefined, end: endOfLine(text, at) }
    fields.push(quoted?.replaceAll('""', '"') ?? plain)
    if (after !== ',') return { fields, end: FIELD.lastIndex }
  }
}

function endOfLine(text: string, at: number): number {
  const newline = text.indexOf('\n', at)
  return newline < 0 ? text.length : newline + 1
}

function countLineBreaks(text: string, from: number, to: number): number {
  let count = 0
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) count += 1
  return count
}

/** As a field of a CSV file, in quotes if it needs them. */
export const csvField = (text: string): string =>
  /[\x22,\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text

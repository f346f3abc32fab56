import { normalMean, normalStddev, type Parser, Problem } from '../config/parsers.ts'
import { type Baseline, HEADER, HOURS_OF_WEEK, type Normal } from './baseline.ts'
import { csvRows } from './csv-rows.ts'
import { timezoneProblem } from './timezone.ts'

export interface ParsedBaseline extends Baseline {
  /** What is wrong, with line and column. If there is anything, the rest may be incomplete. */
  readonly problems: readonly string[]
}

/** The file's whole text; every row is checked. */
export function parseBaseline(text: string): ParsedBaseline {
  const [first = ''] = text.split('\n', 1)
  const timezone = first.match(FIRST_LINE)?.[1]
  if (timezone === undefined)
    return nothing(`line 1: expected # cpu-anomaly baseline 1, timezone=Europe/Berlin (or another time zone)`)
  const problem = timezoneProblem(timezone)
  if (problem !== undefined) return nothing(`line 1, timezone=${timezone}: ${problem}`)
  const problems: string[] = []
  const normals: Normal[] = []
  const seen = new Places()
  let hasHeader = false
  for (const { line, fields } of csvRows(text.slice(first.length + 1))) {
    const place = line + 1
    if (!hasHeader) {
      if (fields?.join() !== HEADER.join()) return nothing(`line ${place}: expected ${HEADER.join()}`)
      hasHeader = true
      continue
    }
    const normal = readRow(place, fields, problems)
    if (!normal) continue
    const earlier = seen.add(normal, place)
    if (earlier === undefined) normals.push(normal)
    else problems.push(`line ${place}: has the same series and hour_of_week as line ${earlier}`)
  }
  if (!hasHeader) return nothing(`line 2: expected ${HEADER.join()}`)
  if (normals.length === 0 && problems.length === 0) problems.push('line 3: expected a row')
  return { timezone, normals, problems }
}

const FIRST_LINE = /^# cpu-anomaly baseline 1, timezone=(\S+)\r?$/

const nothing = (problem: string): ParsedBaseline => ({ timezone: 'UTC', normals: [], problems: [problem] })

/** Undefined if the row has a problem, which is added to the others. */
function readRow(
  line: number,
  fields: readonly string[] | undefined,
  problems: string[],
): Normal | undefined {
  if (!fields) {
    problems.push(`line ${line}: its quotes are not those of a CSV file`)
    return undefined
  }
  if (fields.length !== HEADER.length) {
    problems.push(`line ${line}: has ${fields.length} columns; expected ${HEADER.join()}`)
    return undefined
  }
  const before = problems.length
  const [series = '', hourText = '', meanText = '', stddevText = ''] = fields
  const read = <T>(column: string, text: string, parse: Parser<T>): T | undefined => {
    try {
      return parse(text)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      problems.push(`line ${line}, ${column}=${shorten(text)}: ${error.message}`)
      return undefined
    }
  }
  const name = read('series', series, seriesName)
  const hourOfWeek = read('hour_of_week', hourText, hour)
  const mean = read('mean', meanText, normalMean)
  const stddev = read('stddev', stddevText, normalStddev)
  if (problems.length > before || name === undefined || hourOfWeek === undefined) return undefined
  return mean === undefined || stddev === undefined ? undefined : { series: name, hourOfWeek, mean, stddev }
}

const shorten = (text: string) => (text.length > 40 ? `${text.slice(0, 37)}...` : text)

const MAX_NAME = 100_000 // Python's reader has a limit too

const seriesName: Parser<string | null> = (text) => {
  if (text.includes('\0') || text.length > MAX_NAME)
    throw new Problem('not the name of a series', `write at most ${MAX_NAME} characters, none of them NUL`)
  return text || null
}

const hour: Parser<number | null> = (text) => {
  if (text === '') return null
  if (/^\d{1,3}$/.test(text) && Number(text) < HOURS_OF_WEEK) return Number(text)
  throw new Problem(
    'not an hour of the week',
    `write 0 (Monday 00:00) to ${HOURS_OF_WEEK - 1}, or nothing for all hours`,
  )
}

/** The line of each series and hour. */
class Places {
  readonly #bySeries = new Map<string | null, Map<number | null, number>>()

  /** The line that has this series and hour already; undefined if there is none. */
  add({ series, hourOfWeek }: Normal, line: number): number | undefined {
    const lines = this.#bySeries.get(series) ?? new Map<number | null, number>()
    this.#bySeries.set(series, lines)
    const earlier = lines.get(hourOfWeek)
    if (earlier === undefined) lines.set(hourOfWeek, line)
    return earlier
  }
}

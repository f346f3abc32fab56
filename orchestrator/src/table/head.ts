import { CliError } from '../errors.ts'
import { cpuRank, isTimeName } from './names.ts'
import { isNumber } from './read-cpu.ts'
import { timeKind } from './read-time.ts'
import type { Row } from './rows.ts'

/** A column as the first rows of a table show it. */
export interface Column {
  /** Counted from 0. */
  readonly index: number
  readonly name: string | undefined
  readonly values: readonly string[]
}

/** The first rows of a table. */
export interface Head {
  /** Undefined without a header. */
  readonly names: readonly string[] | undefined
  /** The line of the header, or of the first row of values. */
  readonly firstLine: number
  readonly columns: readonly Column[]
  /** Rows of values. */
  readonly rows: readonly Row[]
}

/** Enough to tell columns apart. */
const MOST_ROWS = 500

/** Finds the header and the values among the first rows; undefined if there are no values. */
export function headOf(rows: readonly Row[]): Head | undefined {
  const header = findHeader(rows)
  const after = header ? rows.slice(rows.indexOf(header) + 1) : rows
  const next = after.findIndex(
    ({ fields }) => isComment(fields) || (header !== undefined && isOtherHeader(fields)),
  )
  const near = (next > 0 ? after.slice(0, next) : after).slice(0, MOST_ROWS)
  const width = header ? header.fields.length : usualWidth(near)
  const values = near.filter(({ fields }) => fields.length === width && isData(fields))
  const [first] = values
  if (!first) return undefined
  const names = header && namesOf(header.fields)
  const columns = Array.from({ length: width }, (_, index) => ({
    index,
    name: names?.[index],
    values: values.map(({ fields }) => fields[index] ?? ''),
  }))
  return { names, firstLine: (header ?? first).line, columns, rows: values }
}

const isComment = (fields: readonly string[]): boolean => fields[0]?.startsWith('#') === true
const isValue = (field: string): boolean => isNumber(field) || timeKind(field) !== undefined
const isOtherHeader = (fields: readonly string[]): boolean => isHeader(fields) && namesColumns(fields)

/** A line of values: not a summary, and not the line that says that a machine was restarted. */
const isData = (fields: readonly string[]): boolean =>
  fields.filter(isValue).length > 0 && !isSummary(fields) && !isRestart(fields)

/** The last lines of mpstat and sar. */
export const isSummary = ([first = '']: readonly string[]): boolean => /^average:?$/i.test(first)

/** `LINUX-RESTART` of sadf, `LINUX RESTART` of sar, and a comment in its data. */
export const isRestart = (fields: readonly string[]): boolean =>
  fields.some((field) => /\brestart\b/i.test(field))

/** Names of columns, without the `#` that sadf and others write before the first. */
export const namesOf = ([first = '', ...others]: readonly string[]): readonly string[] => [
  first.replace(/^#\s*/, ''),
  ...others,
]

/** May these be names of columns? In mpstat's header, the first is a time. */
export function isHeader(fields: readonly string[]): boolean {
  const names = namesOf(fields)
  const values = names.filter((name) => name !== '' && isValue(name)).length
  if (values === 1) return isValue(names[0] ?? '') && names.some((name) => cpuRank(name) !== undefined)
  return values === 0 && names.filter((name) => /\p{L}|%/u.test(name)).length >= Math.min(names.length, 2)
}

/** Is one of them a name that we know, or is it marked as a header? */
export const namesColumns = (fields: readonly string[]): boolean => isComment(fields) || nameScore(fields) > 0

function nameScore(fields: readonly string[]): number {
  const names = namesOf(fields)
  const hasCpu = names.some((name) => cpuRank(name) !== undefined)
  return (hasCpu ? 2 : 0) + (names.some(isTimeName) ? 1 : 0)
}

/** The header that names the most of what we look for, else the one before the first values. */
function findHeader(rows: readonly Row[]): Row | undefined {
  // A banner is not as wide as what follows it, and dstat writes the names of groups above those of columns.
  const isAbove = (row: Row, at: number) =>
    row.fields.length === rows[at + 1]?.fields.length && rows[at + 1]?.fields.some(isValue) === true
  const headers = rows.filter(({ fields }) => isHeader(fields))
  const best = mostNaming(headers.filter((row) => isAbove(row, rows.indexOf(row)))) ?? mostNaming(headers)
  if (best) return best
  const first = rows.findIndex(({ fields }) => isData(fields))
  const before = rows[first - 1]
  return before && isAbove(before, first - 1) && isHeader(before.fields) ? before : undefined
}

/** The first of those that name the most; undefined if none names anything that we look for. */
const mostNaming = (headers: readonly Row[]): Row | undefined =>
  headers.reduce<Row | undefined>(
    (most, row) => (nameScore(row.fields) > nameScore(most?.fields ?? []) ? row : most),
    undefined,
  )

function usualWidth(rows: readonly Row[]): number {
  const counts = new Map<number, number>()
  for (const { fields } of rows.filter((row) => row.fields.filter(isValue).length > 1))
    counts.set(fields.length, (counts.get(fields.length) ?? 0) + 1)
  const [usual] = [...counts].sort(([, a], [, b]) => b - a)
  return usual?.[0] ?? 0
}

/** @throws CliError USAGE for a name or a number that no column has. */
export function columnOf({ columns, names }: Head, flag: string, wanted: string): Column {
  const same = (name: string | undefined) => name?.toLowerCase() === wanted.trim().toLowerCase()
  const named = columns.filter(({ name }) => same(name))
  const found = named[0] ?? (/^\d+$/.test(wanted) ? columns[Number(wanted) - 1] : undefined)
  if (found && named.length < 2) return found
  const which = names
    ? `its columns are ${names.map((name) => JSON.stringify(name)).join(', ')}`
    : `it has ${columns.length} columns and no header`
  throw new CliError(
    'USAGE',
    named.length > 1
      ? `${flag} ${wanted}: several columns have this name`
      : `${flag} ${wanted}: there is no such column; ${which}`,
    { hint: `Give a name, or a number from 1 to ${columns.length}.` },
  )
}

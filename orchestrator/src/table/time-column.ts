import type { Column, Head } from './head.ts'
import { columnOf } from './head.ts'
import { isOtherName, isTimeName, namedUnit, perfmonOffset } from './names.ts'
import type { TableOptions } from './options.ts'
import {
  dayOrder,
  epochUnit,
  hasZone,
  readTime,
  type TimeKind,
  type TimeRules,
  timeKind,
  whyNotTime,
} from './read-time.ts'
import { describe, describeAll, refuse } from './refuse.ts'
import { shown } from './shown.ts'
import { UNIT_NAMES } from './time-unit.ts'
import { fixedZone, UTC, type Zone, zoneOf } from './zone.ts'

/** Where the times of a table are, and how they are read. */
export interface TimeColumn {
  /** One, or a date and a time of day. */
  readonly indices: readonly number[]
  readonly rules: TimeRules
  /** Nothing in the first rows says whether the day or the month is first. */
  readonly isOrderAssumed: boolean
  /** What it was taken for, in words. */
  readonly remark: string
}

/** Nearly all of them: others are counted as what they are. */
const NEARLY_ALL = 0.9

/** @throws CliError USAGE if there is no time, or if it may be in several columns. */
export function timeColumn(head: Head, options: TableOptions): TimeColumn {
  const columns =
    options.time === undefined ? findTime(head, options) : [columnOf(head, '--time', options.time)]
  const texts = head.rows.map(({ fields }) =>
    timeText(
      fields,
      columns.map(({ index }) => index),
    ),
  )
  const orders = texts.map(dayOrder)
  const isOrderAssumed =
    orders.includes('undecided') && !orders.includes('day first') && !orders.includes('month first')
  const zone = zoneFor(columns, texts, options)
  const rules = { unit: options.timeUnit, isDayFirst: orders.includes('day first'), zone: zone.zone }
  requireTimes(head, columns, texts, rules)
  return {
    indices: columns.map(({ index }) => index),
    rules,
    isOrderAssumed,
    remark: `time = ${describeAll(columns, ' and ')}${asWhat(columns, texts, rules, isOrderAssumed)}${zone.remark}`,
  }
}

export const timeText = (fields: readonly string[], indices: readonly number[]): string =>
  indices.length === 1
    ? (fields[indices[0] as number] ?? '')
    : indices.map((index) => fields[index] ?? '').join(' ')

function findTime(head: Head, options: TableOptions): readonly Column[] {
  const { columns } = head
  const kinds = new Map(columns.map((column) => [column, kindOf(column)]))
  const ofKind = (...wanted: readonly TimeKind[]) =>
    columns.filter((column) => wanted.includes(kinds.get(column) as TimeKind))
  const named = columns.filter(({ name }) => name !== undefined && isTimeName(name))
  const moments = ofKind('moment')
  const namedMoments = ofKind('moment', 'epoch').filter((column) => named.includes(column))
  const [date, timeOfDay] = [ofKind('date'), ofKind('time of day')]
  if (namedMoments.length > 0) return [onlyOne(head, namedMoments)]
  if (moments.length > 0) return [onlyOne(head, moments)]
  if (date.length === 1 && timeOfDay.length === 1) return [...date, ...timeOfDay]
  const [first] = named
  if (date.length > 0) return [onlyOne(head, date)]
  if (first) return options.timeUnit ? [first] : noTime(head, first)
  const numbers = ofKind('epoch').filter(({ name = '' }) => !isOtherName(name))
  if (numbers.length > 0) return [onlyOne(head, numbers)]
  return noTime(head, timeOfDay[0] ?? columns[0])
}

/** What nearly all of a column's values are. */
function kindOf({ values }: Column): TimeKind | undefined {
  const filled = values.filter((value) => value !== '')
  const kinds = filled.map(timeKind)
  const usual = (['epoch', 'moment', 'date', 'time of day'] as const).find(
    (kind) => kinds.filter((each) => each === kind).length >= filled.length * NEARLY_ALL,
  )
  return filled.length > 0 ? usual : undefined
}

/** The first of several if all have the same times. */
function onlyOne({ rows }: Head, candidates: readonly Column[]): Column {
  const rules = { unit: undefined, isDayFirst: false, zone: UTC }
  const seconds = (index: number) =>
    rows.map(({ fields }) => Math.floor((readTime(fields[index] ?? '', rules) ?? 0) / 1_000)).join()
  const [first] = candidates as readonly [Column, ...Column[]]
  if (candidates.every(({ index }) => seconds(index) === seconds(first.index))) return first
  throw refuse(
    `the time may be in ${describeAll(candidates, ' or ')}`,
    `Say which: --time ${first.index + 1}`,
  )
}

function noTime(head: Head, column: Column | undefined): never {
  const [row] = head.rows
  const text = row?.fields[column?.index ?? 0] ?? ''
  const rules = { unit: undefined, isDayFirst: false, zone: UTC }
  const why =
    column && row
      ? `line ${row.line}, ${describe(column)}: ${shown(text)} ${whyNotTime(text, rules)}`
      : 'it has no column of times'
  throw refuse(why, howToTime(text))
}

function howToTime(text: string): string {
  if (timeKind(text) === 'time of day')
    return 'Write the date before each time; of sar, `sadf -d FILE` writes both.'
  return 'Each line needs the time at which its value was measured, such as 2026-01-31T14:05:00Z, or seconds or milliseconds since 1970; --time says in which column it is, --time-unit in which unit.'
}

/** @throws CliError USAGE unless nearly all are times; the first that is not is named. */
function requireTimes(
  head: Head,
  columns: readonly Column[],
  texts: readonly string[],
  rules: TimeRules,
): void {
  const times = texts.filter((text) => readTime(text, rules) !== undefined)
  if (times.length >= texts.filter((text) => text !== '').length / 2 && times.length > 0) return
  const at = texts.findIndex((text) => readTime(text, rules) === undefined)
  const text = texts[at] ?? ''
  throw refuse(
    `line ${head.rows[at]?.line}, ${describeAll(columns, ' and ')}: ${shown(text)} ${whyNotTime(text, rules)}`,
    howToTime(text),
  )
}

/** The zone of times that say none, and what to say of it. */
function zoneFor(
  [column]: readonly Column[],
  texts: readonly string[],
  { timezone }: TableOptions,
): { zone: Zone; remark: string } {
  const isNeeded = texts.some(
    (text) => timeKind(text) !== 'epoch' && timeKind(text) !== undefined && !hasZone(text),
  )
  const given = timezone === undefined ? undefined : zoneOf(timezone)
  if (given) return { zone: given, remark: isNeeded ? `, in ${given.name}` : ', whose zone is in the times' }
  const minutes = perfmonOffset(column?.name ?? '')
  if (minutes !== undefined) {
    const zone = fixedZone(minutes)
    return { zone, remark: `, at ${zone.name} as its name says` }
  }
  return { zone: UTC, remark: isNeeded ? ', taken for UTC (else --timezone)' : '' }
}

function asWhat(
  [column]: readonly Column[],
  texts: readonly string[],
  { unit, isDayFirst }: TimeRules,
  isOrderAssumed: boolean,
): string {
  const units = new Set(
    texts.map((text) => (timeKind(text) === undefined && !unit ? undefined : (unit ?? epochUnit(text)))),
  )
  units.delete(undefined)
  if (units.size > 0) {
    const found = [...units].flatMap((each) => each ?? [])
    const named = namedUnit(column?.name ?? '')
    const isWrong = named !== undefined && !found.includes(named)
    const although = isWrong ? `, although its name says ${UNIT_NAMES[named]}` : ''
    return ` as ${found.map((each) => UNIT_NAMES[each]).join(' and ')} since 1970${although}`
  }
  if (texts.every((text) => dayOrder(text) === undefined)) return ''
  return isDayFirst ? ', day first' : `, month first${isOrderAssumed ? ' (assumed)' : ''}`
}

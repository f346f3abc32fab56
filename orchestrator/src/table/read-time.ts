import { type TimeUnit, toMillis, unitOf } from './time-unit.ts'
import type { Zone } from './zone.ts'

/** How the times of a table are read. */
export interface TimeRules {
  /** Of numbers; undefined: the unit that the number of digits says. */
  readonly unit: TimeUnit | undefined
  /** Is 01/02/2026 the first of February? */
  readonly isDayFirst: boolean
  /** Of clock times that say none. */
  readonly zone: Zone
}

const EPOCH = /^(\d{1,30})(?:[.,](\d*))?$/
const CLOCK = String.raw`(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:\s*([AP]M))?`
const OFFSET = String.raw`(?:\s*(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?))?`
const YEAR_FIRST = new RegExp(
  String.raw`^(\d{4})([-/.])(\d\d?)\2(\d\d?)(?:(?:\s*T|,?\s+)${CLOCK}${OFFSET})?$`,
  'i',
)
const YEAR_LAST = new RegExp(String.raw`^(\d\d?)([-/.])(\d\d?)\2(\d{4})(?:,?\s+${CLOCK}${OFFSET})?$`, 'i')
const TIME_OF_DAY = new RegExp(`^${CLOCK}$`, 'i')
const WITHOUT_YEAR = /^\d\d?[-/.]\d\d?[ T]+\d\d?:\d\d/

/** In whole milliseconds: from September 2001 on, as the job takes no earlier one. */
const EARLIEST_MS = 1e12
const LATEST_MS = 1e13

/** Milliseconds since 1970; undefined for a text that is no time, or none that the job takes. */
export function readTime(text: string, rules: TimeRules): number | undefined {
  const timeMs = EPOCH.test(text) ? readEpoch(text, rules.unit) : readCalendar(text, rules)
  return timeMs !== undefined && timeMs >= EARLIEST_MS && timeMs < LATEST_MS ? timeMs : undefined
}

/** The unit of a number of seconds or parts of them since 1970, by its digits; undefined for anything else. */
export const epochUnit = (text: string): TimeUnit | undefined => unitOf(EPOCH.exec(text)?.[1] ?? '')

function readEpoch(text: string, forced: TimeUnit | undefined): number | undefined {
  const [, digits = '', fraction] = EPOCH.exec(text) ?? []
  const unit = forced ?? unitOf(digits)
  return unit && toMillis(digits, unit, fraction)
}

interface Calendar {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly clock: readonly (string | undefined)[]
  readonly offset: string | undefined
}

function readCalendar(text: string, { isDayFirst, zone }: TimeRules): number | undefined {
  const found = calendarOf(text, isDayFirst)
  if (!found) return undefined
  const { year, month, day, clock, offset } = found
  const dateMs = Date.UTC(year, month - 1, day)
  const date = new Date(dateMs)
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined
  const dayMs = clockMs(clock)
  if (dayMs === undefined) return undefined
  return offset === undefined ? zone.toUtc(dateMs + dayMs) : dateMs + dayMs - offsetMs(offset)
}

function calendarOf(text: string, isDayFirst: boolean): Calendar | undefined {
  const first = YEAR_FIRST.exec(text)
  if (first) {
    const [, year, , month, day, ...rest] = first
    return calendar(year, month, day, rest)
  }
  const [, one, separator, two, year, ...rest] = YEAR_LAST.exec(text) ?? []
  if (one === undefined) return undefined
  // With points, the day is first everywhere.
  return isDayFirst || separator === '.' ? calendar(year, two, one, rest) : calendar(year, one, two, rest)
}

const calendar = (
  year: string | undefined,
  month: string | undefined,
  day: string | undefined,
  rest: readonly (string | undefined)[],
): Calendar => ({
  year: Number(year),
  month: Number(month),
  day: Number(day),
  clock: rest.slice(0, 5),
  offset: rest[5],
})

/** Milliseconds since midnight; undefined for a time of day that does not exist. */
function clockMs([hour = '0', minute = '0', second = '0', fraction = '', half]: Calendar['clock']):
  | number
  | undefined {
  const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (/^p/i.test(half) ? 12 : 0)
  const isWrongHalf = half !== undefined && (Number(hour) < 1 || Number(hour) > 12)
  if (isWrongHalf || hours > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  const millis = Number(fraction.padEnd(3, '0').slice(0, 3))
  return ((hours * 60 + Number(minute)) * 60 + Number(second)) * 1_000 + millis
}

function offsetMs(offset: string): number {
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(offset) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}

/** What a text is, as far as it is part of a time. */
export type TimeKind = 'epoch' | 'moment' | 'date' | 'time of day'

export function timeKind(text: string): TimeKind | undefined {
  if (EPOCH.test(text)) return epochUnit(text) && 'epoch'
  if (TIME_OF_DAY.test(text)) return 'time of day'
  const clock = (YEAR_FIRST.exec(text) ?? YEAR_LAST.exec(text))?.slice(5)
  return clock && (clock[0] === undefined ? 'date' : 'moment')
}

/** Does this time say its zone? */
export const hasZone = (text: string): boolean =>
  (YEAR_FIRST.exec(text) ?? YEAR_LAST.exec(text))?.at(-1) !== undefined

/** Whether the day is first, if this date shows it: no month is above 12. `undecided`: it may be either. */
export function dayOrder(text: string): 'day first' | 'month first' | 'undecided' | undefined {
  const [, one, separator, two] = YEAR_LAST.exec(text) ?? []
  if (one === undefined || separator === '.') return undefined
  if (Number(one) > 12) return 'day first'
  return Number(two) > 12 ? 'month first' : 'undecided'
}

/** Why a text is not a time that the job takes. */
export function whyNotTime(text: string, rules: TimeRules): string {
  if (text === '') return 'is blank'
  if (TIME_OF_DAY.test(text)) return 'is a time of day without a date'
  if (WITHOUT_YEAR.test(text)) return 'has no year'
  if (EPOCH.test(text) && !rules.unit && epochUnit(text) === undefined)
    return 'is not a time: seconds since 1970 have 10 digits, milliseconds 13'
  if (EPOCH.test(text) || readCalendar(text, rules) !== undefined)
    return 'is not a time between September 2001 and November 2286'
  return 'is not a time'
}

/** The units in which files write a time since 1970. */
export type TimeUnit = 's' | 'ms' | 'us' | 'ns'

export const UNIT_NAMES: Readonly<Record<TimeUnit, string>> = {
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
}

/** From September 2001 to November 2286 each unit has its own number of digits. */
const UNIT_BY_DIGITS: Readonly<Record<number, TimeUnit>> = { 10: 's', 13: 'ms', 16: 'us', 19: 'ns' }

/** How many digits of a unit are a fraction of a second. */
const FRACTION_DIGITS: Readonly<Record<TimeUnit, number>> = { s: 0, ms: 3, us: 6, ns: 9 }

/** The unit in which a whole number is a time between 2001 and 2286; undefined if there is none. */
export const unitOf = (digits: string): TimeUnit | undefined =>
  UNIT_BY_DIGITS[digits.startsWith('0') ? digits.replace(/^0+/, '').length : digits.length]

/** Cut or extended as text: nanoseconds are larger than the integers that a number holds exactly. */
export function toMillis(digits: string, unit: TimeUnit, fraction = ''): number {
  if (unit === 'ms') return Number(digits)
  if (unit === 's') return Number(`${digits}${fraction.padEnd(3, '0').slice(0, 3)}`)
  return Number(digits.slice(0, 3 - FRACTION_DIGITS[unit]))
}

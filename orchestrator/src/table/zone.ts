import { CliError } from '../errors.ts'

/** A time zone, in which a file's clock times are. */
export interface Zone {
  readonly name: string
  /** Milliseconds since 1970 of a clock time, which is given as if it were UTC. One that occurs twice is the first. */
  toUtc(clockMs: number): number
}

export const UTC: Zone = { name: 'UTC', toUtc: (clockMs) => clockMs }

const DAY_MS = 86_400_000
/** Offsets change only at whole quarters of an hour. */
const QUARTER_MS = 900_000

/** A zone that is so many minutes ahead of UTC all year. */
export function fixedZone(minutes: number): Zone {
  const sign = minutes < 0 ? '-' : '+'
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  const two = (number: number) => String(number).padStart(2, '0')
  return { name: `${sign}${two(hours)}:${two(rest)}`, toUtc: (clockMs) => clockMs - minutes * 60_000 }
}

/** @throws CliError USAGE for a name that is no time zone. */
export function zoneOf(name: string): Zone {
  if (/^(?:utc|gmt|z)$/i.test(name)) return UTC
  const [, sign, hours, minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(name) ?? []
  if (hours !== undefined) return fixedZone((sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)))
  return namedZone(name)
}

function namedZone(name: string): Zone {
  const offsetMs = offsets(formatOf(name))
  return {
    name,
    toUtc: (clockMs) => {
      // A day before and a day after a change, one of the two offsets is right; in a gap, neither.
      const before = clockMs - offsetMs(clockMs - DAY_MS)
      const after = clockMs - offsetMs(clockMs + DAY_MS)
      const isRight = (utcMs: number) => utcMs + offsetMs(utcMs) === clockMs
      return [Math.min(before, after), Math.max(before, after)].find(isRight) ?? before
    },
  }
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const numeric = 'numeric'
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      ...{ year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric },
    })
  } catch {
    throw new CliError('USAGE', `there is no time zone ${JSON.stringify(timeZone)}`, {
      hint: 'Use a name such as Europe/Berlin, UTC, or an offset such as +02:00.',
    })
  }
}

/** How far the zone's clocks are ahead of UTC at a time. */
function offsets(format: Intl.DateTimeFormat): (utcMs: number) => number {
  const known = new Map<number, number>()
  return (utcMs) => {
    const quarter = Math.floor(utcMs / QUARTER_MS)
    const found = known.get(quarter) ?? clockOf(format, quarter * QUARTER_MS) - quarter * QUARTER_MS
    known.set(quarter, found)
    return found
  }
}

function clockOf(format: Intl.DateTimeFormat, utcMs: number): number {
  const parts = new Map(format.formatToParts(utcMs).map(({ type, value }) => [type, Number(value)]))
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'))
}

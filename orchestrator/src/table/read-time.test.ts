import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dayOrder, readTime, type TimeRules, whyNotTime } from './read-time.ts'
import { UTC, zoneOf } from './zone.ts'

const rules: TimeRules = { unit: undefined, isDayFirst: false, zone: UTC }
const iso = (text: string, more: Partial<TimeRules> = {}) => {
  const timeMs = readTime(text, { ...rules, ...more })
  return timeMs === undefined ? undefined : new Date(timeMs).toISOString()
}

describe('readTime', () => {
  it.each([
    ['2026-01-31T14:05:00Z', '2026-01-31T14:05:00.000Z'],
    ['2026-01-31T14:05:00.123456789+01:00', '2026-01-31T13:05:00.123Z'],
    ['2026-01-31T14:05:00+0100', '2026-01-31T13:05:00.000Z'],
    ['2026-01-31t14:05z', '2026-01-31T14:05:00.000Z'],
    ['2026-01-31 14:05:00 UTC', '2026-01-31T14:05:00.000Z'],
    ['2026-01-31 14:05:00,5', '2026-01-31T14:05:00.500Z'],
    ['2026/1/31 4:05', '2026-01-31T04:05:00.000Z'],
    ['2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['01/31/2026 14:05:00.123', '2026-01-31T14:05:00.123Z'],
    ['1/31/2026, 12:05:00 AM', '2026-01-31T00:05:00.000Z'],
    ['1/31/2026 12:05 pm', '2026-01-31T12:05:00.000Z'],
    ['31.01.2026 14:05', '2026-01-31T14:05:00.000Z'],
    ['1509009792670', '2017-10-26T09:23:12.670Z'],
    ['1509009792670.0', '2017-10-26T09:23:12.670Z'],
    ['1509009792.67', '2017-10-26T09:23:12.670Z'],
    ['1509009792,67', '2017-10-26T09:23:12.670Z'],
    ['1509009792670123', '2017-10-26T09:23:12.670Z'],
    ['1509009792670123456', '2017-10-26T09:23:12.670Z'],
  ])('of %s is %s', (text, expected) => {
    expect(iso(text)).toBe(expected)
  })

  it.each([
    ['', /is blank/],
    ['14:05:00', /time of day without a date/],
    ['26-11 21:00:01', /has no year/],
    ['17', /seconds since 1970 have 10 digits/],
    ['-1509009792670', /is not a time$/],
    ['2026-02-30 00:00', /is not a time$/],
    ['2026-01-31 24:00', /is not a time$/],
    ['1/31/2026 13:05 PM', /is not a time$/],
    ['31/31/2026', /is not a time$/],
    ['1999-01-01T00:00Z', /between September 2001 and November 2286/],
    ['2026-01-31 14:05 CET', /is not a time$/],
    ['yesterday', /is not a time$/],
  ])('is refused of %j', (text, why) => {
    expect(readTime(text, rules)).toBeUndefined()
    expect(whyNotTime(text, rules)).toMatch(why)
  })

  it('takes the unit that it is told, and no index for a time', () => {
    expect(iso('1509009792670', { unit: 'ms' })).toBe('2017-10-26T09:23:12.670Z')
    expect(iso('17', { unit: 'ms' })).toBeUndefined()
    expect(iso('1509009792670', { unit: 'us' })).toBeUndefined()
  })

  it('reads every time that JavaScript writes', () => {
    const times = fc.integer({ min: 1e12, max: 1e13 - 1 })
    fc.assert(
      fc.property(times, (timeMs) => {
        expect(readTime(new Date(timeMs).toISOString(), rules)).toBe(timeMs)
        for (const text of [`${timeMs}`, `${timeMs}.0`, `${timeMs}999`, `${timeMs}000000`])
          expect(readTime(text, rules)).toBe(timeMs)
      }),
    )
  })

  it('never takes text for a time that JavaScript takes for another', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const timeMs = readTime(text, rules)
        expect(timeMs === undefined || (timeMs >= 1e12 && timeMs < 1e13)).toBe(true)
      }),
    )
  })
})

describe('the zone of a clock time', () => {
  it.each([
    ['Europe/Berlin', '2026-01-31 14:05', '2026-01-31T13:05:00.000Z'],
    ['Europe/Berlin', '2026-07-31 14:05', '2026-07-31T12:05:00.000Z'],
    ['Europe/Berlin', '2026-10-25 02:30', '2026-10-25T00:30:00.000Z'], // twice: the first
    ['Europe/Berlin', '2026-03-29 02:30', '2026-03-29T01:30:00.000Z'], // never: as before the change
    ['Asia/Kathmandu', '2026-01-31 14:05', '2026-01-31T08:20:00.000Z'],
    ['America/New_York', '2026-01-31 23:05', '2026-02-01T04:05:00.000Z'],
    ['+02:00', '2026-01-31 14:05', '2026-01-31T12:05:00.000Z'],
    ['-0330', '2026-01-31 14:05', '2026-01-31T17:35:00.000Z'],
    ['Europe/Berlin', '2026-01-31 14:05 UTC', '2026-01-31T14:05:00.000Z'],
  ])('%s: %s is %s', (zone, text, expected) => {
    expect(iso(text, { zone: zoneOf(zone) })).toBe(expected)
  })

  it('is the inverse of what Intl says, except in an hour that occurs twice', () => {
    const zone = zoneOf('Europe/Berlin')
    const format = new Intl.DateTimeFormat('sv-SE', {
      timeZone: 'Europe/Berlin',
      dateStyle: 'short',
      timeStyle: 'medium',
    })
    fc.assert(
      fc.property(fc.integer({ min: 1e9, max: 2e9 }), (seconds) => {
        const timeMs = seconds * 1_000
        const read = readTime(format.format(timeMs), { ...rules, zone })
        expect([timeMs, timeMs - 3_600_000]).toContain(read)
      }),
    )
  })
})

it('knows which of day and month is first, if a date shows it', () => {
  expect(['13/01/2026', '01/13/2026', '01/02/2026', '01.02.2026', '2026-01-02'].map(dayOrder)).toEqual([
    'day first',
    'month first',
    'undecided',
    undefined,
    undefined,
  ])
})

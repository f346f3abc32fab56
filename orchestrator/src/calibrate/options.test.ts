import { describe, expect, it } from 'vitest'
import { type OptionTexts, parseOptions } from './options.ts'

const NOW = Date.parse('2026-03-01T00:00:00Z')
const parse = (texts: OptionTexts) => parseOptions(texts, NOW)

describe('the options of calibrate', () => {
  it('are all samples, one pair, at most 1 % WARN and 0.1 % ERROR', () => {
    expect(parse({})).toMatchObject({
      since_ms: null,
      exclude: [],
      by_key: false,
      by_hour: false,
      warn_share: 0.01,
      error_share: 0.001,
      method: undefined,
    })
  })

  it.each([
    ['2026-02-28T00:00:00Z', NOW - 86_400_000],
    ['1 day', NOW - 86_400_000],
    ['90 s', NOW - 90_000],
  ])('begin at a time, or so long ago: --since %s', (since, sinceMs) => {
    expect(parse({ since }).since_ms).toBe(sinceMs)
  })

  it('leave out several ranges of times', () => {
    const exclude = [
      '2026-02-01T00:00Z..2026-02-02T00:00Z',
      '2026-02-03T00:00:00+01:00..2026-02-03T01:00:00.5Z',
    ]
    expect(parse({ exclude }).exclude).toEqual([
      [Date.parse('2026-02-01T00:00Z'), Date.parse('2026-02-02T00:00Z')],
      [Date.parse('2026-02-02T23:00Z'), Date.parse('2026-02-03T01:00:00.500Z')],
    ])
  })

  it.each([
    ['5%', 0.05, 0.005],
    ['0.02', 0.02, 0.002],
    ['2%, 1%', 0.02, 0.01],
    ['.5,0', 0.5, 0],
  ])('may have another target, which is then the pair to take: --target %s', (target, warn, error) => {
    const { warn_share, error_share, method } = parse({ target })
    expect([warn_share, error_share]).toEqual([expect.closeTo(warn), expect.closeTo(error)])
    expect(method).toBe('target')
  })

  it.each([[['key', 'hour-of-week']], [['key,hour-of-week']], [['hour-of-week, key', 'key']]])(
    'group by several dimensions: %j',
    (by) => {
      expect(parse({ by, timezone: 'europe/berlin' })).toMatchObject({
        by_key: true,
        by_hour: true,
        timezone: 'Europe/Berlin',
      })
    },
  )

  it.each<[OptionTexts, RegExp]>([
    [{ since: 'yesterday' }, /--since yesterday/],
    [{ since: '2026-02-30' }, /--since 2026-02-30/],
    [{ since: '2027-01-01T00:00Z' }, /future/],
    [{ exclude: ['2026-02-01'] }, /FROM\.\.TO/],
    [{ exclude: ['2026-02-01..2026-02-02..2026-02-03'] }, /FROM\.\.TO/],
    [{ exclude: ['2026-02-02..2026-02-01'] }, /ends before it begins/],
    [{ by: ['host'] }, /--by host/],
    [{ by: ['hour-of-week'], timezone: 'Mars/Olympus' }, /Mars\/Olympus: unknown time zone/],
    [{ target: '100%' }, /--target 100%/],
    [{ target: 'few' }, /--target few/],
    [{ target: '1%,2%' }, /more ERROR than WARN/],
    [{ target: '1%,1%,1%' }, /not a share/],
    [{ method: 'best' }, /--method best/],
    [{ method: 'plain', target: '1%' }, /no effect/],
  ])('are refused with a way out: %j', (texts, message) => {
    expect(() => parse(texts)).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: expect.stringMatching(message),
        hint: expect.stringMatching(/./),
      }),
    )
  })
})

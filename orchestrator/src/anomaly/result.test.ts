import { describe, expect, it } from 'vitest'
import { byWindow, decodeUtf8, parseResult, type WindowResult, windowKey, windowStartMs } from './result.ts'

const result: WindowResult = {
  window: { start: '2017-10-26T09:23:16.000Z', end: '2017-10-26T09:23:16.500Z' },
  mean: 38.5246,
  stddev: 20.2173,
  count: 500,
  status: 'ERROR',
  score: 8.898,
  series: '',
  normal_mean: 14.5,
  normal_stddev: 2.7,
  normal: 'settings',
}

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value))
const without = (field: keyof WindowResult) => ({ ...result, [field]: undefined })

describe('parseResult', () => {
  it.each<[string, unknown, WindowResult]>([
    ['a result', result, result],
    [
      'a missing standard deviation, for one sample',
      { ...result, stddev: null, count: 1 },
      { ...result, stddev: null, count: 1 },
    ],
    ['null fields that Spark left out', without('stddev'), { ...result, stddev: null }],
    ['no series', without('series'), result],
    [
      'a result of an earlier version, without a normal',
      { ...result, normal_mean: undefined, normal_stddev: undefined, normal: undefined },
      { ...result, normal_mean: null, normal_stddev: null, normal: null },
    ],
    ['the normal of an hour', { ...result, normal: 'hour' }, { ...result, normal: 'hour' }],
    ['unknown fields, which it drops', { ...result, more: 1 }, result],
    ['a series of any text', { ...result, series: 'a|b\u202e' }, { ...result, series: 'a|b\u202e' }],
  ])('reads %s', (_, value, expected) => {
    const parsed = parseResult(bytes(value))
    expect(parsed).toEqual({ ok: true, result: expected })
    expect(parsed.ok && Object.keys(parsed.result)).toEqual(Object.keys(result))
  })

  it.each<[string, Uint8Array | null, RegExp]>(
    [
      ['no value', null, /no value/],
      ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), /not UTF-8/],
      ['nothing', Buffer.alloc(0), /not a JSON object/],
      ['a sample', Buffer.from('1509009792670,13.64'), /not a JSON object/],
      ['half an object', bytes(result).subarray(0, 40), /not a JSON object/],
      ['an array', bytes([result]), /not a JSON object/],
      ['null', bytes(null), /not a JSON object/],
      ['NaN, which is not JSON', Buffer.from('{"mean":NaN}'), /not a JSON object/],
      ['a dead letter', bytes({ reason: 'empty', topic: 'cpu-usage', partition: 0, offset: 1 }), /^window/],
      ['no window', without('window'), /^window/],
      ['a window without an end', { ...result, window: { start: result.window.start } }, /^window/],
      ['a window of words', { ...result, window: { start: 'then', end: 'later' } }, /^window/],
      ['a window of numbers', { ...result, window: { start: 1, end: 2 } }, /^window/],
      ['no mean', without('mean'), /^mean/],
      ['a mean as text', { ...result, mean: '1' }, /^mean/],
      ['a standard deviation as text', { ...result, stddev: '1' }, /^stddev/],
      ['no count', without('count'), /^count/],
      ['a count of zero', { ...result, count: 0 }, /^count/],
      ['half a count', { ...result, count: 1.5 }, /^count/],
      ['an unknown status', { ...result, status: 'error' }, /^status is none of SAFE, WARN, ERROR/],
      ['no score', without('score'), /^score/],
      [
        'a score that overflows a double',
        Buffer.from(JSON.stringify(result).replace('8.898', '1e999')),
        /^score/,
      ],
      ['a series that is not a string', { ...result, series: 1 }, /^series/],
      ['a normal mean as text', { ...result, normal_mean: '1' }, /^normal_mean/],
      ['a normal deviation as text', { ...result, normal_stddev: '1' }, /^normal_stddev/],
      ['an unknown normal', { ...result, normal: 'day' }, /^normal is none of hour, series, settings/],
    ].map(
      ([name, value, why]) =>
        [name, value instanceof Uint8Array || value === null ? value : bytes(value), why] as [
          string,
          Uint8Array | null,
          RegExp,
        ],
    ),
  )('rejects %s and explains why', (_, value, why) => {
    const parsed = parseResult(value)
    expect(parsed.ok ? 'accepted' : parsed.why).toMatch(why)
  })
})

describe('a window', () => {
  it('is identified by series and start', () => {
    expect(windowKey({ ...result, series: 'host-1' })).toBe('host-1|1509009796000')
    expect(windowKey(result)).toBe('|1509009796000')
    expect(windowStartMs(result)).toBe(1_509_009_796_000)
  })

  it('is ordered by start, then by series', () => {
    const at = (start: string, series: string) => ({ ...result, window: { ...result.window, start }, series })
    const sorted = [
      at('2026-01-01T00:00:00.000Z', 'b'),
      at('2026-01-01T00:00:00.000Z', 'c'),
      at('2026-01-01T00:00:00.500Z', 'a'),
      at('2026-01-01T00:00:10.000Z', ''),
    ]
    expect([...sorted].reverse().sort(byWindow)).toEqual(sorted)
    expect(byWindow(result, { ...result })).toBe(0)
  })
})

describe('decodeUtf8', () => {
  it.each([
    ['text', Buffer.from('äß\u{1f600}'), 'äß\u{1f600}'],
    ['a byte-order mark, kept', Buffer.from('\ufeffa'), '\ufeffa'],
    ['nothing', Buffer.alloc(0), ''],
    ['half a character', Buffer.from([0xc3]), undefined],
    ['a surrogate', Buffer.from([0xed, 0xa0, 0x80]), undefined],
    ['an overlong slash', Buffer.from([0xc0, 0xaf]), undefined],
  ])('reads %s', (_, input, expected) => {
    expect(decodeUtf8(input)).toBe(expected)
  })
})

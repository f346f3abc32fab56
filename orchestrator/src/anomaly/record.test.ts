import { describe, expect, it } from 'vitest'
import { type AnomalyRecord, byWindow, decodeUtf8, parseRecord, windowKey, windowStartMs } from './record.ts'

const record: AnomalyRecord = {
  window: { start: '2017-10-26T09:23:16.000Z', end: '2017-10-26T09:23:16.500Z' },
  mean: 38.5246,
  stddev: 20.2173,
  count: 500,
  status: 'ERROR',
  score: 8.898,
  series: '',
}

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value))
const without = (field: keyof AnomalyRecord) => ({ ...record, [field]: undefined })

describe('parseRecord', () => {
  it.each<[string, unknown, AnomalyRecord]>([
    ['a result', record, record],
    [
      'no standard deviation for one sample',
      { ...record, stddev: null, count: 1 },
      { ...record, stddev: null, count: 1 },
    ],
    ['null fields left out, as Spark writes them', without('stddev'), { ...record, stddev: null }],
    ['no series', without('series'), record],
    ['further fields, which it drops', { ...record, more: 1 }, record],
    ['a series of any text', { ...record, series: 'a|b\u202e' }, { ...record, series: 'a|b\u202e' }],
  ])('reads %s', (_, value, expected) => {
    const parsed = parseRecord(bytes(value))
    expect(parsed).toEqual({ ok: true, record: expected })
    expect(parsed.ok && Object.keys(parsed.record)).toEqual(Object.keys(record))
  })

  it.each<[string, Uint8Array | null, RegExp]>(
    [
      ['no value', null, /no value/],
      ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), /not UTF-8/],
      ['nothing', Buffer.alloc(0), /no JSON object/],
      ['a sample', Buffer.from('1509009792670,13.64'), /no JSON object/],
      ['half an object', bytes(record).subarray(0, 40), /no JSON object/],
      ['an array', bytes([record]), /no JSON object/],
      ['null', bytes(null), /no JSON object/],
      ['NaN, which is no JSON', Buffer.from('{"mean":NaN}'), /no JSON object/],
      ['a dead letter', bytes({ reason: 'empty', topic: 'cpu-usage', partition: 0, offset: 1 }), /^window/],
      ['no window', without('window'), /^window/],
      ['a window without an end', { ...record, window: { start: record.window.start } }, /^window/],
      ['a window of words', { ...record, window: { start: 'then', end: 'later' } }, /^window/],
      ['a window of numbers', { ...record, window: { start: 1, end: 2 } }, /^window/],
      ['no mean', without('mean'), /^mean/],
      ['a mean as text', { ...record, mean: '1' }, /^mean/],
      ['a standard deviation as text', { ...record, stddev: '1' }, /^stddev/],
      ['no count', without('count'), /^count/],
      ['a count of none', { ...record, count: 0 }, /^count/],
      ['half a count', { ...record, count: 1.5 }, /^count/],
      ['an unknown status', { ...record, status: 'error' }, /^status is none of SAFE, WARN, ERROR/],
      ['no score', without('score'), /^score/],
      ['a score beyond all numbers', Buffer.from(JSON.stringify(record).replace('8.898', '1e999')), /^score/],
      ['a series that is no text', { ...record, series: 1 }, /^series/],
    ].map(
      ([name, value, why]) =>
        [name, value instanceof Uint8Array || value === null ? value : bytes(value), why] as [
          string,
          Uint8Array | null,
          RegExp,
        ],
    ),
  )('refuses %s and says why', (_, value, why) => {
    const parsed = parseRecord(value)
    expect(parsed.ok ? 'accepted' : parsed.why).toMatch(why)
  })
})

describe('a window', () => {
  it('is told from others by series and start', () => {
    expect(windowKey({ ...record, series: 'host-1' })).toBe('host-1|1509009796000')
    expect(windowKey(record)).toBe('|1509009796000')
    expect(windowStartMs(record)).toBe(1_509_009_796_000)
  })

  it('stands in order of time, then of series', () => {
    const at = (start: string, series: string) => ({ ...record, window: { ...record.window, start }, series })
    const sorted = [
      at('2026-01-01T00:00:00.000Z', 'b'),
      at('2026-01-01T00:00:00.000Z', 'c'),
      at('2026-01-01T00:00:00.500Z', 'a'),
      at('2026-01-01T00:00:10.000Z', ''),
    ]
    expect([...sorted].reverse().sort(byWindow)).toEqual(sorted)
    expect(byWindow(record, { ...record })).toBe(0)
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

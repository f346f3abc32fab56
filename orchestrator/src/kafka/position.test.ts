import { describe, expect, it, onTestFinished } from 'vitest'
import { CliError } from '../errors.ts'
import { type LocatedRecord, type Offsets, offsetsOfLast, parsePosition, reconcile } from './position.ts'

const NOW = Date.UTC(2027, 0, 1)

describe('parsePosition', () => {
  it.each([
    ['earliest', { kind: 'earliest' }],
    ['latest', { kind: 'latest' }],
    ['-10', { kind: 'last', count: 10 }],
    ['-0', { kind: 'last', count: 0 }],
    ['2026-01-31', { kind: 'since', timeMs: new Date(2026, 0, 31).getTime() }],
    ['2026-01-31T08:00', { kind: 'since', timeMs: new Date(2026, 0, 31, 8).getTime() }],
    ['2026-01-31 08:00:59.5', { kind: 'since', timeMs: new Date(2026, 0, 31, 8, 0, 59, 500).getTime() }],
    ['2024-02-29T00:00Z', { kind: 'since', timeMs: Date.UTC(2024, 1, 29) }],
    ['2026-01-31T08:00:00.123456Z', { kind: 'since', timeMs: Date.UTC(2026, 0, 31, 8, 0, 0, 123) }],
    ['2026-01-31T08:00Z', { kind: 'since', timeMs: Date.UTC(2026, 0, 31, 8) }],
    ['2026-01-31T08:00:00Z', { kind: 'since', timeMs: Date.UTC(2026, 0, 31, 8) }],
    ['2026-01-31 08:00:00.250Z', { kind: 'since', timeMs: Date.UTC(2026, 0, 31, 8, 0, 0, 250) }],
    ['2026-01-31T08:00:00+02:00', { kind: 'since', timeMs: Date.UTC(2026, 0, 31, 6) }],
    ['2026-01-31T08:00:00-0530', { kind: 'since', timeMs: Date.UTC(2026, 0, 31, 13, 30) }],
  ])('reads %s', (text, expected) => {
    expect(parsePosition(text, NOW)).toEqual(expected)
  })

  it('reads a day and a time of day in the same zone, which is local', () => {
    const zone = process.env.TZ
    onTestFinished(() => {
      if (zone === undefined) delete process.env.TZ
      else process.env.TZ = zone
    })
    process.env.TZ = 'Asia/Kolkata'
    const utc = { kind: 'since', timeMs: Date.UTC(2026, 0, 30, 18, 30) }
    expect([parsePosition('2026-01-31', NOW), parsePosition('2026-01-31T00:00', NOW)]).toEqual([utc, utc])
  })

  it('refuses a time in the future, where there is nothing to read', () => {
    expect(() => parsePosition('2027-01-02T00:00Z', NOW)).toThrow('--from 2027-01-02T00:00Z: in the future')
  })

  it.each(
    [
      '',
      'first',
      'EARLIEST',
      '10',
      '-1.5',
      '-',
      '--1',
      '2026',
      '2026-13-01',
      '2026-01-32',
      '2026-01-31T25:00Z',
      '2026-02-30',
      '2026-02-30T08:00Z',
      '2025-02-29',
      '2026-04-31T08:00',
      '2026-01-31T08:60Z',
      '2026-01-31T08:00:60Z',
      '2026-01-31T08:00+15:00',
    ].concat(['31.01.2026', 'yesterday', ' -1', `-${'9'.repeat(30)}`]),
  )('refuses %j and names what is valid', (text) => {
    const parse = () => parsePosition(text, NOW)
    expect(parse).toThrow(CliError)
    expect(parse).toThrow(`--from ${text}: not a position`)
    expect(parse).toThrow(
      expect.objectContaining({ code: 'USAGE', hint: expect.stringContaining('earliest, latest, -N') }),
    )
  })
})

const offsets = (entries: Readonly<Record<number, number>>): Map<number, bigint> =>
  new Map(Object.entries(entries).map(([partition, offset]) => [Number(partition), BigInt(offset)]))
const plain = (map: Offsets) =>
  Object.fromEntries([...map].map(([partition, offset]) => [partition, Number(offset)]))

describe('offsetsOfLast', () => {
  const placed = (partition: number, offset: number, timestampMs: number): LocatedRecord => ({
    partition,
    offset: BigInt(offset),
    timestampMs,
  })
  const records = [placed(0, 8, 100), placed(0, 9, 300), placed(1, 4, 200), placed(1, 5, 400)]
  const ends = offsets({ 0: 10, 1: 6, 2: 3 })

  it.each([
    [0, { 0: 10, 1: 6, 2: 3 }],
    [1, { 0: 10, 1: 5, 2: 3 }],
    [2, { 0: 9, 1: 5, 2: 3 }],
    [3, { 0: 9, 1: 4, 2: 3 }],
    [4, { 0: 8, 1: 4, 2: 3 }],
    [99, { 0: 8, 1: 4, 2: 3 }],
  ])('begins so that the last %i of the whole topic are read', (count, expected) => {
    expect(plain(offsetsOfLast(records, count, ends))).toEqual(expected)
    expect(plain(offsetsOfLast([...records].reverse(), count, ends))).toEqual(expected)
  })

  it('orders records with the same timestamp by partition, then offset', () => {
    const same = [placed(1, 4, 7), placed(0, 9, 7), placed(0, 8, 7)]
    expect(plain(offsetsOfLast(same, 1, ends))).toEqual({ 0: 10, 1: 4, 2: 3 })
    expect(plain(offsetsOfLast(same, 2, ends))).toEqual({ 0: 9, 1: 4, 2: 3 })
  })
})

describe('reconcile', () => {
  it.each([
    ['stays if nothing changed', { 0: 5 }, { 0: 0 }, { 0: 9 }, { 0: 5 }, false, 0],
    ['stays at the end', { 0: 9 }, { 0: 0 }, { 0: 9 }, { 0: 9 }, false, 0],
    [
      'skips what was deleted, and counts it',
      { 0: 5, 1: 5 },
      { 0: 8, 1: 0 },
      { 0: 9, 1: 9 },
      { 0: 8, 1: 5 },
      false,
      3,
    ],
    [
      'reads a new partition from its beginning',
      { 0: 5 },
      { 0: 0, 1: 2 },
      { 0: 9, 1: 4 },
      { 0: 5, 1: 2 },
      false,
      0,
    ],
    [
      'starts over in a topic that ends before',
      { 0: 5, 1: 2 },
      { 0: 0, 1: 1 },
      { 0: 3, 1: 4 },
      { 0: 0, 1: 1 },
      true,
      0,
    ],
    ['starts over if a partition is gone', { 0: 5, 1: 2 }, { 0: 0 }, { 0: 9 }, { 0: 0 }, true, 0],
    ['starts at the beginning without a position', {}, { 0: 3 }, { 0: 9 }, { 0: 3 }, false, 0],
  ])('%s', (_, positions, begin, end, expected, recreated, lost) => {
    const reconciled = reconcile(offsets(positions), offsets(begin), offsets(end))
    expect(plain(reconciled.positions)).toEqual(expected)
    expect(reconciled).toMatchObject({ recreated, lost: BigInt(lost) })
  })
})

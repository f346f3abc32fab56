import { describe, expect, it } from 'vitest'
import type { AnomalyRecord } from './record.ts'
import { BoundedMap, WindowUpdates } from './updates.ts'

const record = (count: number, change: Partial<AnomalyRecord> = {}): AnomalyRecord => ({
  window: { start: '2026-01-01T00:00:00.000Z', end: '2026-01-01T00:00:00.500Z' },
  mean: 10,
  stddev: 1,
  count,
  status: 'SAFE',
  score: 0,
  series: '',
  ...change,
})
const LATER = { start: '2026-01-01T00:00:00.500Z', end: '2026-01-01T00:00:01.000Z' }

it.each<[string, readonly AnomalyRecord[], readonly string[]]>([
  ['a window that grows', [record(1), record(2), record(5)], ['first', 'changed', 'changed']],
  ['the same again', [record(2), record(2)], ['first', 'old']],
  ['fewer samples, as a replayed batch has', [record(5), record(2), record(5)], ['first', 'old', 'old']],
  ['growth after a replay', [record(5), record(2), record(6)], ['first', 'old', 'changed']],
  ['another value of as many samples', [record(5), record(5, { mean: 11 })], ['first', 'old']],
  ['another series', [record(5), record(5, { series: 'b' })], ['first', 'first']],
  ['another window', [record(5), record(5, { window: LATER })], ['first', 'first']],
])('tells %s', (_, records, kinds) => {
  const updates = new WindowUpdates()
  expect(records.map((some) => updates.take(some).kind)).toEqual(kinds)
})

it('gives what was there before, which an old record does not replace', () => {
  const updates = new WindowUpdates()
  expect(updates.take(record(5)).before).toBeUndefined()
  expect(updates.take(record(2)).before).toEqual({ count: 5, status: 'SAFE' })
  expect(updates.take(record(6)).before).toEqual({ count: 5, status: 'SAFE' })
})

it('forgets the windows that changed longest ago', () => {
  const updates = new WindowUpdates(1)
  updates.take(record(5))
  updates.take(record(1, { window: LATER }))
  expect(updates.take(record(5)).kind).toBe('first')
})

describe('BoundedMap', () => {
  it('forgets what was set longest ago', () => {
    const map = new BoundedMap<number>(2)
    map.set('a', 1)
    map.set('b', 2)
    map.set('a', 3)
    map.set('c', 4)
    expect(['a', 'b', 'c'].map((key) => map.get(key))).toEqual([3, undefined, 4])
  })
})

import { describe, expect, it } from 'vitest'
import type { WindowResult } from './result.ts'
import { BoundedMap, WindowUpdates } from './window-updates.ts'

const result = (count: number, change: Partial<WindowResult> = {}): WindowResult => ({
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

it.each<[string, readonly WindowResult[], readonly string[]]>([
  ['a window that grows', [result(1), result(2), result(5)], ['first', 'changed', 'changed']],
  ['a repeat', [result(2), result(2)], ['first', 'old']],
  ['fewer samples, as in a replayed batch', [result(5), result(2), result(5)], ['first', 'old', 'old']],
  ['growth after a replay', [result(5), result(2), result(6)], ['first', 'old', 'changed']],
  ['another value for the same number of samples', [result(5), result(5, { mean: 11 })], ['first', 'old']],
  ['another series', [result(5), result(5, { series: 'b' })], ['first', 'first']],
  ['another window', [result(5), result(5, { window: LATER })], ['first', 'first']],
])('recognizes %s', (_, results, kinds) => {
  const updates = new WindowUpdates()
  expect(results.map((some) => updates.take(some).kind)).toEqual(kinds)
})

it('returns the state before, which an old result does not replace', () => {
  const updates = new WindowUpdates()
  expect(updates.take(result(5)).before).toBeUndefined()
  expect(updates.take(result(2)).before).toEqual({ count: 5, status: 'SAFE' })
  expect(updates.take(result(6)).before).toEqual({ count: 5, status: 'SAFE' })
})

it('forgets the windows that changed longest ago', () => {
  const updates = new WindowUpdates(1)
  updates.take(result(5))
  updates.take(result(1, { window: LATER }))
  expect(updates.take(result(5)).kind).toBe('first')
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

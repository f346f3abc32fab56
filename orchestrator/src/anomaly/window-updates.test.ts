import { describe, expect, it } from 'vitest'
import { BoundedMap, haveSameValues, type WindowValues } from './window-updates.ts'

const values: WindowValues = { count: 5, mean: 10, stddev: 1, status: 'SAFE', score: -0.5 }

describe('haveSameValues', () => {
  it.each<[string, Partial<WindowValues>, boolean]>([
    ['the same values', {}, true],
    ['values that differ in the last digits', { mean: 10 + 1e-12, stddev: 1 - 1e-12 }, true],
    ['another count', { count: 6 }, false],
    ['another mean', { mean: 10.001 }, false],
    ['another deviation', { stddev: null }, false],
    ['another status', { status: 'WARN' }, false],
    ['another distance from normal', { score: 0.5 }, false],
  ])('compares %s', (_, change, expected) => {
    expect(haveSameValues(values, { ...values, ...change })).toBe(expected)
  })
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

import { describe, expect, it } from 'vitest'
import { median, percentile } from './statistics.ts'

describe('percentile', () => {
  it.each([
    { values: [4, 1, 3, 2], percent: 50, expected: 2 },
    { values: [4, 1, 3, 2], percent: 95, expected: 4 },
    { values: [4, 1, 3, 2], percent: 0, expected: 1 },
    { values: [10, 9], percent: 100, expected: 10 },
    { values: [], percent: 50, expected: Number.NaN },
  ])('$percent % of $values is $expected', ({ values, percent, expected }) => {
    expect(percentile(values, percent)).toBe(expected)
  })
})

describe('median', () => {
  it.each([
    { values: [3, 1, 2], expected: 2 },
    { values: [4, 1, 3, 2], expected: 2.5 },
    { values: [7], expected: 7 },
    { values: [], expected: Number.NaN },
  ])('of $values is $expected', ({ values, expected }) => {
    expect(median(values)).toBe(expected)
  })
})

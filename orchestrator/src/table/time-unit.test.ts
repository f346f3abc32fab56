import { describe, expect, it } from 'vitest'
import { toMillis, unitOf } from './time-unit.ts'

describe('unitOf', () => {
  it.each([
    ['1509009792', 's'],
    ['1509009792670', 'ms'],
    ['0001509009792670', 'ms'],
    ['1509009792670123', 'us'],
    ['1509009792670123456', 'ns'],
    ['999999999', undefined],
    ['10000000000000', undefined],
    ['1', undefined],
    ['0', undefined],
    ['', undefined],
  ])('of %s is %s', (digits, unit) => {
    expect(unitOf(digits)).toBe(unit)
  })
})

describe('toMillis', () => {
  it.each([
    ['1509009792', 's', 1_509_009_792_000],
    ['1509009792670', 'ms', 1_509_009_792_670],
    ['1509009792670999', 'us', 1_509_009_792_670],
    ['1509009792670999999', 'ns', 1_509_009_792_670],
  ] as const)('of %s %s is %i', (digits, unit, expected) => {
    expect(toMillis(digits, unit)).toBe(expected)
  })
})

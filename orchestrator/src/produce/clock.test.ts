import { describe, expect, it, vi } from 'vitest'
import { checkClock } from './clock.ts'

const limits = { maxFutureSkewMs: 300_000 }

describe('checkClock', () => {
  it.each([0, 900, -900])('says nothing about %i ms', (aheadMs) => {
    checkClock(aheadMs, limits, false, expect.fail)
  })

  it.each([
    [120_000, false, /2 min ahead of/],
    [-600_000, false, /10 min behind/],
    [600_000, true, /10 min ahead of/],
  ])('warns of %i ms (sent anyway: %s)', (aheadMs, anyway, expected) => {
    const warn = vi.fn()
    checkClock(aheadMs, limits, anyway, warn)
    expect(warn.mock.calls).toEqual([[expect.stringMatching(expected)]])
  })

  it('ends the sending of samples that would all be in the future', () => {
    expect(() => checkClock(600_000, limits, false, expect.fail)).toThrow(
      /10 min ahead.*MAX_FUTURE_SKEW \(5 min\)/,
    )
  })
})

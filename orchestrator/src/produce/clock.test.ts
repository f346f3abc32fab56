import { describe, expect, it, vi } from 'vitest'
import { ClockWatch, clockAhead, clockFindings } from './clock.ts'

const SKEW_MS = 300_000

describe('clockAhead', () => {
  it.each([
    ['sent before, answered after', 0, 100, 50, 0],
    ['appended before it was sent', 1_000, 1_100, 400, 600],
    ['appended after the answer', 1_000, 1_100, 1_500, -400],
  ])('of a record %s', (_, sentMs, answeredMs, appendedMs, expected) => {
    expect(clockAhead(sentMs, answeredMs, appendedMs)).toBe(expected)
  })
})

describe('clockFindings', () => {
  it.each([0, 900, -900])('are none for %i ms', (aheadMs) => {
    expect(clockFindings(aheadMs, SKEW_MS)).toEqual([])
  })

  it.each([
    [120_000, 'warn', /2 min ahead of/],
    [-600_000, 'warn', /10 min behind/],
    [600_000, 'refuse', /10 min ahead of.*more than the 5 min that are allowed \(MAX_FUTURE_SKEW/],
  ])('for %i ms: %s', (aheadMs, kind, message) => {
    expect(clockFindings(aheadMs, SKEW_MS)).toEqual([
      expect.objectContaining({ kind, message: expect.stringMatching(message) }),
    ])
  })
})

describe('ClockWatch', () => {
  const newWatch = ({ knownAheadMs = 0, isSentAnyway = false } = {}) => {
    const warn = vi.fn()
    const judge = (aheadMs: number) => clockFindings(aheadMs, SKEW_MS)
    return { warn, watch: new ClockWatch({ knownAheadMs, isSentAnyway, judge, warn }) }
  }

  it('says a difference once, and again when it changes', async () => {
    const { warn, watch } = newWatch()
    for (const aheadMs of [0, 120_000, 120_400, 119_800, 0, -60_000]) await watch.see(aheadMs)
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/2 min ahead/)],
      [expect.stringMatching(/1 min behind/)],
    ])
  })

  it('does not repeat what was known before', async () => {
    const { warn, watch } = newWatch({ knownAheadMs: -50_000 })
    await watch.see(-60_000)
    expect(warn).not.toHaveBeenCalled()
  })

  it('judges again when the clock is not behind after all', async () => {
    const judge = vi.fn(() => [])
    const watch = new ClockWatch({ knownAheadMs: -3_600_000, isSentAnyway: false, judge, warn: vi.fn() })
    await watch.see(0)
    expect(judge).toHaveBeenCalledWith(0)
  })

  it('ends the sending of samples that would all be in the future, unless they are sent anyway', async () => {
    await expect(newWatch().watch.see(600_000)).rejects.toMatchObject({ code: 'USAGE', exitCode: 2 })
    const { warn, watch } = newWatch({ isSentAnyway: true })
    await watch.see(600_000)
    expect(warn).toHaveBeenCalledTimes(1)
  })
})

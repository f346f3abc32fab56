import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FinalWindows, isAtRest, isClosed } from './finality.ts'
import type { AnomalyRecord } from './record.ts'

const OPTIONS = { windowMs: 500, watermarkMs: 10_000 }
const T0 = Date.parse('2026-01-01T00:00:00Z')

/** The window that begins this many milliseconds after T0. */
const at = (offsetMs: number, count = 1, series = ''): AnomalyRecord => ({
  window: { start: new Date(T0 + offsetMs).toISOString(), end: new Date(T0 + offsetMs + 500).toISOString() },
  mean: 10,
  stddev: null,
  count,
  status: 'SAFE',
  score: 0,
  series,
})

describe('isClosed', () => {
  it.each([
    [0, 11_000, true],
    [0, 10_999, false],
    [0, 0, false],
    [0, Number.NEGATIVE_INFINITY, false],
    [-5_000, 6_000, true],
  ])('of a window at %i with the newest at %i: %s', (startMs, newestMs, expected) => {
    expect(isClosed(startMs, newestMs, OPTIONS)).toBe(expected)
  })
})

describe('FinalWindows', () => {
  it('releases nothing while no later batch has come', () => {
    const windows = new FinalWindows(OPTIONS)
    expect(windows.add([at(0), at(500), at(60_000)], 0)).toEqual([])
    expect(windows.pending).toBe(3)
  })

  it('releases what an earlier batch has closed, in order, once', () => {
    const windows = new FinalWindows(OPTIONS)
    windows.add([at(500), at(0, 1, 'b'), at(0, 1, 'a'), at(11_000), at(11_500)], 0)
    expect(windows.add([at(12_000)], 2_000)).toEqual([at(0, 1, 'a'), at(0, 1, 'b'), at(500)])
    expect(windows.add([at(12_000, 2)], 4_000)).toEqual([])
    expect(windows.pending).toBe(3)
  })

  it('takes the parts of one batch together, in whatever order they come', () => {
    const windows = new FinalWindows(OPTIONS)
    expect(windows.add([at(60_000)], 0)).toEqual([])
    expect(windows.add([at(0)], 900)).toEqual([])
    expect(windows.add([at(0, 2)], 999)).toEqual([])
    expect(windows.add([at(60_500)], 1_000)).toEqual([at(0, 2)])
  })

  it('shows the last value of a window', () => {
    const windows = new FinalWindows(OPTIONS)
    windows.add([at(0, 1)], 0)
    windows.add([at(0, 2), at(20_000)], 2_000)
    expect(windows.add([at(20_500)], 4_000)).toEqual([at(0, 2)])
  })

  it('shows a window again only where it differs from what was shown, as after a replay', () => {
    const windows = new FinalWindows(OPTIONS)
    windows.add([at(0, 2), at(20_000)], 0)
    expect(windows.add([at(20_500)], 2_000)).toEqual([at(0, 2)])
    expect(windows.add([at(0, 2)], 4_000)).toEqual([])
    expect(windows.add([at(0, 1), at(0, 2)], 6_000)).toEqual([])
    expect(windows.add([at(0, 3)], 8_000)).toEqual([at(0, 3)])
  })

  it('ignores a replay of what is pending: a window never goes backwards', () => {
    const windows = new FinalWindows(OPTIONS)
    windows.add([at(0, 5), at(20_000)], 0)
    windows.add([at(0, 2)], 500)
    expect(windows.add([at(0, 3), at(20_500)], 2_000)).toEqual([at(0, 5)])
    expect(windows.add([at(0, 4), at(0, 5)], 3_000)).toEqual([])
    expect(windows.pending).toBe(2)
  })

  it('waits for an interval of real-time mode, whose late samples its watermark still lets in', () => {
    const windows = new FinalWindows({ ...OPTIONS, intervalMs: 30_000 })
    windows.add([at(0), at(20_000)], 0)
    expect(windows.add([at(20_500)], 30_900)).toEqual([])
    expect(windows.add([at(21_000)], 31_000)).toEqual([at(0)])
  })

  it('does nothing for an empty poll', () => {
    const windows = new FinalWindows(OPTIONS)
    windows.add([at(0), at(60_000)], 0)
    expect(windows.add([], 60_000)).toEqual([])
    expect(windows.pending).toBe(2)
  })

  it('settles everything that is pending, in order, once', () => {
    const windows = new FinalWindows(OPTIONS)
    windows.add([at(500), at(0)], 0)
    expect(windows.settle()).toEqual([at(0), at(500)])
    expect(windows.settle()).toEqual([])
    expect(windows.pending).toBe(0)
  })

  it('shows every window at least once and last with its last value, whatever the batches', () => {
    const batches = fc.array(
      fc.record({
        pauseMs: fc.integer({ min: 0, max: 3_000 }),
        starts: fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 6 }),
      }),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(batches, (drawn) => {
        const windows = new FinalWindows(OPTIONS)
        const last = new Map<string, AnomalyRecord>()
        const shown = new Map<string, AnomalyRecord>()
        const show = (records: readonly AnomalyRecord[]) => {
          for (const record of records) shown.set(record.window.start, record)
        }
        let now = 0
        let count = 0
        for (const { pauseMs, starts } of drawn) {
          now += pauseMs
          const records = starts.map((start) => at(start * 500, ++count))
          for (const record of records) last.set(record.window.start, record)
          show(windows.add(records, now))
        }
        show(windows.settle())
        expect([...shown].sort()).toEqual([...last].sort())
      }),
    )
  })
})

describe('isAtRest', () => {
  it.each([
    [{ inputStillMs: 1_500, resultsStillMs: 1_500, lag: 0 }, true],
    [{ inputStillMs: 1_500, resultsStillMs: 1_500, lag: undefined }, true],
    [{ inputStillMs: 1_499, resultsStillMs: 9_000, lag: 0 }, false],
    [{ inputStillMs: 9_000, resultsStillMs: 1_499, lag: 0 }, false],
    [{ inputStillMs: 9_000, resultsStillMs: 9_000, lag: 1 }, false],
  ])('with %j: %s', (movement, expected) => {
    expect(isAtRest(movement, 1_500)).toBe(expected)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FinalWindows, lastClosed } from './final-windows.ts'
import type { WindowResult } from './result.ts'

const OPTIONS = { windowMs: 500, watermarkMs: 10_000 }
const T0 = Date.parse('2026-01-01T00:00:00Z')

/** A result of the window that starts this many milliseconds after T0. */
const at = (offsetMs: number, count = 1, series = ''): WindowResult => ({
  window: { start: new Date(T0 + offsetMs).toISOString(), end: new Date(T0 + offsetMs + 500).toISOString() },
  mean: 10,
  stddev: null,
  count,
  status: 'SAFE',
  score: 0,
  series,
  normal_mean: 14.5,
  normal_stddev: 2.7,
  normal: 'settings',
})

describe('lastClosed', () => {
  it.each([
    [0, 11_000, true],
    [0, 10_999, false],
    [0, 0, false],
    [0, Number.NEGATIVE_INFINITY, false],
    [-5_000, 6_000, true],
  ])('includes a window at %i with the newest at %i: %s', (startMs, newestMs, expected) => {
    expect(startMs <= lastClosed(newestMs, OPTIONS.windowMs, OPTIONS.watermarkMs)).toBe(expected)
  })
})

describe('FinalWindows', () => {
  it('releases nothing before a later batch arrives', () => {
    const windows = new FinalWindows(OPTIONS)
    expect(windows.add([at(0), at(500), at(60_000)], 0)).toEqual([])
    expect(windows.pending).toBe(3)
  })

  it('releases what an earlier batch closed, in order, once', () => {
    const windows = new FinalWindows(OPTIONS)
    windows.add([at(500), at(0, 1, 'b'), at(0, 1, 'a'), at(11_000), at(11_500)], 0)
    expect(windows.add([at(12_000)], 2_000)).toEqual([at(0, 1, 'a'), at(0, 1, 'b'), at(500)])
    expect(windows.add([at(12_000, 2)], 4_000)).toEqual([])
    expect(windows.pending).toBe(3)
  })

  it('releases no window of a new checkpoint by the watermark of the old one', () => {
    const windows = new FinalWindows(OPTIONS)
    windows.add([at(0, 9), at(60_000)], 0)
    windows.add([at(60_500)], 2_000)
    windows.restart(0)
    const grown = [4_000, 6_000, 8_000].map((ms, index) => windows.add([at(0, index + 1)], ms))
    expect(grown.flat()).toEqual([])
    windows.add([at(12_000)], 10_000)
    expect(windows.add([at(12_500)], 12_000)).toEqual([at(0, 3)])
  })

  it('counts the parts of one batch together, in whatever order they arrive', () => {
    const windows = new FinalWindows(OPTIONS)
    expect(windows.add([at(60_000)], 0)).toEqual([])
    expect(windows.add([at(0)], 900)).toEqual([])
    expect(windows.add([at(0, 2)], 999)).toEqual([])
    expect(windows.add([at(60_500)], 1_000)).toEqual([at(0, 2)])
  })

  it('releases a window once while the job reads a backlog with a longer delay', () => {
    const windows = new FinalWindows(OPTIONS)
    windows.add([at(0), at(60_000)], 0, 70_000)
    expect(windows.add([at(0, 2), at(61_000)], 2_000, 70_000)).toEqual([])
    expect(windows.add([at(0, 3), at(62_000)], 4_000, 70_000)).toEqual([])
    expect(windows.add([at(63_000)], 6_000)).toEqual([at(0, 3)])
  })

  it('releases the last value of a window', () => {
    const windows = new FinalWindows(OPTIONS)
    windows.add([at(0, 1)], 0)
    windows.add([at(0, 2), at(20_000)], 2_000)
    expect(windows.add([at(20_500)], 4_000)).toEqual([at(0, 2)])
  })

  it('releases a window again only if it grew since, not after a replay', () => {
    const windows = new FinalWindows(OPTIONS)
    windows.add([at(0, 2), at(20_000)], 0)
    expect(windows.add([at(20_500)], 2_000)).toEqual([at(0, 2)])
    expect(windows.add([at(0, 2)], 4_000)).toEqual([])
    expect(windows.add([at(0, 1), at(0, 2)], 6_000)).toEqual([])
    expect(windows.add([at(0, 3)], 8_000)).toEqual([at(0, 3)])
  })

  it('waits while a replay catches up with what the window had before', () => {
    const windows = new FinalWindows(OPTIONS)
    windows.add([at(0, 5), at(20_000)], 0)
    windows.add([at(0, 2)], 500)
    expect(windows.add([at(0, 3), at(20_500)], 1_400)).toEqual([])
    expect(windows.add([at(0, 4), at(0, 5)], 1_500)).toEqual([at(0, 5)])
    expect(windows.add([at(0, 2), at(0, 5)], 3_000)).toEqual([])
    expect(windows.pending).toBe(2)
  })

  it('takes the last result of a window, with as many samples or fewer, as a new checkpoint writes it', () => {
    const windows = new FinalWindows(OPTIONS)
    windows.add([at(0, 5), at(500, 5), at(20_000)], 0)
    expect(windows.add([at(20_500)], 2_000)).toEqual([at(0, 5), at(500, 5)])
    const judgedAnew = { ...at(0, 5), status: 'ERROR' as const, score: 3 }
    expect(windows.add([judgedAnew, at(500, 3)], 10_000)).toEqual([judgedAnew])
    expect(windows.add([], 10_900)).toEqual([])
    expect(windows.add([], 11_000)).toEqual([at(500, 3)])
    expect(windows.add([at(500, 3)], 12_000)).toEqual([])
  })

  it('flushes the last result of a window even if it has fewer samples', () => {
    const windows = new FinalWindows(OPTIONS)
    windows.add([at(0, 5), at(0, 3)], 0)
    expect(windows.flush()).toEqual([at(0, 3)])
  })

  it('waits for an interval in real-time mode, because its watermark lets late samples in until then', () => {
    const windows = new FinalWindows({ ...OPTIONS, intervalMs: 30_000 })
    windows.add([at(0), at(20_000)], 0)
    expect(windows.add([at(20_500)], 30_900)).toEqual([])
    expect(windows.add([at(21_000)], 31_000)).toEqual([at(0)])
  })

  it('does nothing on an empty poll', () => {
    const windows = new FinalWindows(OPTIONS)
    windows.add([at(0), at(60_000)], 0)
    expect(windows.add([], 60_000)).toEqual([])
    expect(windows.pending).toBe(2)
  })

  it('flushes all pending windows, in order, once', () => {
    const windows = new FinalWindows(OPTIONS)
    windows.add([at(500), at(0)], 0)
    expect(windows.flush()).toEqual([at(0), at(500)])
    expect(windows.flush()).toEqual([])
    expect(windows.pending).toBe(0)
  })

  it('releases every window at least once, and last with its last value, whatever the batches', () => {
    const batches = fc.array(
      fc.record({
        pauseMs: fc.integer({ min: 0, max: 3_000 }),
        // Counts fall too: the last result of a window wins.
        results: fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 4 })), {
          maxLength: 6,
        }),
      }),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(batches, (drawn) => {
        const windows = new FinalWindows(OPTIONS)
        const last = new Map<string, WindowResult>()
        const released = new Map<string, WindowResult>()
        const release = (results: readonly WindowResult[]) => {
          for (const result of results) released.set(result.window.start, result)
        }
        let now = 0
        for (const { pauseMs, results: pairs } of drawn) {
          now += pauseMs
          const results = pairs.map(([start, count]) => at(start * 500, count))
          for (const result of results) last.set(result.window.start, result)
          release(windows.add(results, now))
        }
        release(windows.flush())
        expect([...released].sort()).toEqual([...last].sort())
      }),
    )
  })
})

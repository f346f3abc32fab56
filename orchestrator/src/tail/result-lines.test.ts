import { stripVTControlCharacters } from 'node:util'
import { expect, it } from 'vitest'
import type { WindowResult } from '../anomaly/result.ts'
import { resultAt } from './result.fixture.ts'
import { ResultLines } from './result-lines.ts'

const DAY_MS = 86_400_000
const TODAY_MS = Date.parse('2026-01-01T12:00:00Z')
const options = { normalMean: 14.5, normalStddev: 2.7, width: 80, nowMs: TODAY_MS }

/** The first column of each line. */
const times = (lines: readonly string[]) => lines.map((line) => stripVTControlCharacters(line).split('  ')[0])

it('shows the date if it is not that of today, or not that of the line before', () => {
  const windows = [0, -DAY_MS, -DAY_MS + 500, 500, 1_000].map((ms) => resultAt(ms, 'WARN'))
  expect(times(new ResultLines().format(windows, options))).toEqual([
    '00:00:00.000Z',
    '2025-12-31 00:00:00.000Z',
    '2025-12-31 00:00:00.500Z',
    '2026-01-01 00:00:00.500Z',
    '00:00:01.000Z',
  ])
})

it('shows the date of the first line after midnight', () => {
  const lines = new ResultLines()
  lines.format([resultAt(0, 'WARN')], options)
  const tomorrow = { ...options, nowMs: TODAY_MS + DAY_MS }
  const shown = lines.format([resultAt(DAY_MS, 'WARN'), resultAt(DAY_MS + 500, 'WARN')], tomorrow)
  expect(times(shown)).toEqual(['2026-01-02 00:00:00.000Z', '00:00:00.500Z'])
})

it('prints no line twice for a window, and those that differ again', () => {
  const lines = new ResultLines()
  const format = (change: Partial<WindowResult>, series = '') =>
    lines.format([{ ...resultAt(0, 'WARN'), ...change, series }], options)
  expect(format({})).toHaveLength(1)
  expect(format({ count: 2, mean: resultAt(0, 'WARN').mean + 1e-6 })).toEqual([])
  expect(format({ mean: 20 })).toHaveLength(1)
  expect(format({ mean: 20 }, 'b')).toHaveLength(1)
})

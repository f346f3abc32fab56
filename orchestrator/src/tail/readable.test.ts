import { describe, expect, it } from 'vitest'
import { FinalWindows } from '../anomaly/finality.ts'
import type { AnomalyRecord, Status } from '../anomaly/record.ts'
import { ReadableResults } from './readable.ts'

const T0 = Date.parse('2026-01-01T00:00:00Z')
const result = (offsetMs: number, status: Status, count = 1): AnomalyRecord => ({
  window: { start: new Date(T0 + offsetMs).toISOString(), end: new Date(T0 + offsetMs + 500).toISOString() },
  mean: 10,
  stddev: null,
  count,
  status,
  score: 0,
  series: '',
})
const feedOf = (...statuses: readonly Status[]) =>
  new ReadableResults(new Set(statuses), new FinalWindows({ windowMs: 500, watermarkMs: 10_000 }))

describe('ReadableResults', () => {
  it('shows a window that changes with every sample when first seen, on another status, and when final', () => {
    const feed = feedOf('WARN', 'ERROR')
    const shown: AnomalyRecord[] = []
    for (let count = 1; count <= 500; count += 1)
      shown.push(...feed.take([result(0, count < 100 ? 'WARN' : 'ERROR', count)], count))
    expect(shown).toEqual([result(0, 'WARN', 1), result(0, 'ERROR', 100)])
    feed.take([result(20_000, 'SAFE')], 1_000)
    expect(feed.take([result(20_500, 'SAFE')], 3_000)).toEqual([result(0, 'ERROR', 500)])
    expect(feed.settle()).toEqual([])
  })

  it('shows nothing at the end that was shown as it is', () => {
    const feed = feedOf('ERROR')
    expect(feed.take([result(0, 'ERROR', 3)], 0)).toEqual([result(0, 'ERROR', 3)])
    expect(feed.settle()).toEqual([])
  })

  it('takes what one poll brings of a window as one change', () => {
    const feed = feedOf('WARN', 'ERROR')
    expect(feed.take([result(0, 'WARN', 1), result(0, 'SAFE', 2)], 0)).toEqual([])
    expect(feed.take([result(0, 'WARN', 3), result(0, 'ERROR', 4)], 1)).toEqual([result(0, 'ERROR', 4)])
    expect(feed.take([result(0, 'WARN', 5), result(0, 'SAFE', 6)], 2)).toEqual([result(0, 'SAFE', 6)])
  })

  it('shows nothing of a replay, nor goes backwards in its count of hidden windows', () => {
    const feed = feedOf('WARN', 'ERROR')
    feed.take([result(0, 'ERROR', 5), result(500, 'SAFE', 4)], 0)
    expect(feed.take([result(0, 'WARN', 1), result(500, 'ERROR', 1), result(0, 'ERROR', 5)], 1)).toEqual([])
    expect(feed.hidden).toBe(1)
    expect(feed.settle()).toEqual([])
  })
})

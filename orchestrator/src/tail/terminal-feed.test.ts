import { describe, expect, it } from 'vitest'
import { FinalWindows } from '../anomaly/final-windows.ts'
import type { Status, WindowResult } from '../anomaly/result.ts'
import { resultAt } from './result.fixture.ts'
import { TerminalFeed } from './terminal-feed.ts'

const feedOf = (...statuses: readonly Status[]) =>
  new TerminalFeed(new Set(statuses), new FinalWindows({ windowMs: 500, watermarkMs: 10_000 }))

describe('TerminalFeed', () => {
  it('shows a window that changes with every sample when it appears, changes its status, and is final', () => {
    const feed = feedOf('WARN', 'ERROR')
    const shown: WindowResult[] = []
    for (let count = 1; count <= 500; count += 1)
      shown.push(...feed.take([resultAt(0, count < 100 ? 'WARN' : 'ERROR', count)], count))
    expect(shown).toEqual([resultAt(0, 'WARN', 1), resultAt(0, 'ERROR', 100)])
    feed.take([resultAt(20_000, 'SAFE')], 1_000)
    expect(feed.take([resultAt(20_500, 'SAFE')], 3_000)).toEqual([resultAt(0, 'ERROR', 500)])
    expect(feed.flush()).toEqual([])
  })

  it('does not show a final window whose value was shown before', () => {
    const feed = feedOf('ERROR')
    expect(feed.take([resultAt(0, 'ERROR', 3)], 0)).toEqual([resultAt(0, 'ERROR', 3)])
    expect(feed.flush()).toEqual([])
  })

  it('counts the results of one poll for a window as one change', () => {
    const feed = feedOf('WARN', 'ERROR')
    expect(feed.take([resultAt(0, 'WARN', 1), resultAt(0, 'SAFE', 2)], 0)).toEqual([])
    expect(feed.take([resultAt(0, 'WARN', 3), resultAt(0, 'ERROR', 4)], 1)).toEqual([resultAt(0, 'ERROR', 4)])
    expect(feed.take([resultAt(0, 'WARN', 5), resultAt(0, 'SAFE', 6)], 2)).toEqual([resultAt(0, 'SAFE', 6)])
  })

  it('shows nothing of a replay, and keeps the count of hidden windows', () => {
    const feed = feedOf('WARN', 'ERROR')
    feed.take([resultAt(0, 'ERROR', 5), resultAt(500, 'SAFE', 4)], 0)
    expect(
      feed.take([resultAt(0, 'WARN', 1), resultAt(500, 'ERROR', 1), resultAt(0, 'ERROR', 5)], 1),
    ).toEqual([])
    expect(feed.hidden).toBe(1)
    expect(feed.flush()).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { FinalWindows } from '../anomaly/final-windows.ts'
import type { Status } from '../anomaly/result.ts'
import { resultAt } from './result.fixture.ts'
import { FinalFeed, UpdateFeed } from './result-feed.ts'

const ANOMALIES: ReadonlySet<Status> = new Set(['WARN', 'ERROR'])

describe('UpdateFeed', () => {
  it('shows each change of a window with a wanted status', () => {
    const feed = new UpdateFeed(ANOMALIES)
    expect(feed.take([resultAt(0, 'WARN'), resultAt(500, 'SAFE'), resultAt(0, 'ERROR', 2)])).toEqual([
      resultAt(0, 'WARN'),
      resultAt(0, 'ERROR', 2),
    ])
    expect(feed.hidden).toBe(1)
  })

  it('shows when a shown window loses its status, and when a hidden one gets a wanted status', () => {
    const feed = new UpdateFeed(ANOMALIES)
    feed.take([resultAt(0, 'WARN'), resultAt(500, 'SAFE')])
    const changed = [resultAt(0, 'SAFE', 2), resultAt(500, 'ERROR', 2)]
    expect(feed.take(changed)).toEqual(changed)
    expect(feed.hidden).toBe(0)
    expect(feed.take([resultAt(0, 'SAFE', 3)])).toEqual([])
  })

  it('does not show a repeat or a replay', () => {
    const feed = new UpdateFeed(ANOMALIES)
    feed.take([resultAt(0, 'WARN', 5)])
    expect(feed.take([resultAt(0, 'WARN', 5), resultAt(0, 'ERROR', 2)])).toEqual([])
  })

  it('counts each hidden window once', () => {
    const feed = new UpdateFeed(ANOMALIES)
    feed.take([resultAt(0, 'SAFE', 1), resultAt(0, 'SAFE', 2), resultAt(500, 'SAFE', 1)])
    expect(feed.hidden).toBe(2)
  })
})

describe('FinalFeed', () => {
  const feedOf = () => new FinalFeed(ANOMALIES, new FinalWindows({ windowMs: 500, watermarkMs: 10_000 }))

  it('shows a window once it is final, and counts windows of other statuses', () => {
    const feed = feedOf()
    expect(feed.take([resultAt(0, 'WARN'), resultAt(500, 'SAFE'), resultAt(20_000, 'ERROR')], 0)).toEqual([])
    expect(feed.pending).toBe(3)
    expect(feed.take([resultAt(20_500, 'ERROR')], 2_000)).toEqual([resultAt(0, 'WARN')])
    expect(feed.hidden).toBe(1)
    expect(feed.pending).toBe(2)
  })

  it('shows the pending windows on a flush', () => {
    const feed = feedOf()
    feed.take([resultAt(0, 'ERROR'), resultAt(500, 'SAFE')], 0)
    expect(feed.flush()).toEqual([resultAt(0, 'ERROR')])
    expect(feed.hidden).toBe(1)
    expect(feed.flush()).toEqual([])
  })
})

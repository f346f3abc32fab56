import { describe, expect, it } from 'vitest'
import { FinalWindows } from '../anomaly/final-windows.ts'
import type { Status, WindowResult } from '../anomaly/result.ts'
import { resultAt } from './result.fixture.ts'
import { type FeedOptions, ResultFeed } from './result-feed.ts'

const ANOMALIES: ReadonlySet<Status> = new Set(['WARN', 'ERROR'])

const feedOf = (shows: FeedOptions['shows'], { minSamples = 1, wanted = ANOMALIES } = {}) =>
  new ResultFeed({ wanted, minSamples, shows }, new FinalWindows({ windowMs: 500, watermarkMs: 10_000 }))

describe.each(['updates', 'changes'] as const)('a feed that shows %s', (shows) => {
  it('shows each change of a window with a wanted status', () => {
    const feed = feedOf(shows)
    const results = [resultAt(0, 'WARN'), resultAt(500, 'SAFE'), resultAt(0, 'ERROR', 2)]
    expect(results.flatMap((result, ms) => feed.take([result], ms))).toEqual([
      resultAt(0, 'WARN'),
      resultAt(0, 'ERROR', 2),
    ])
    expect(feed.hidden).toBe(1)
  })

  it('shows when a shown window loses its status, and when a hidden one gets a wanted status', () => {
    const feed = feedOf(shows)
    feed.take([resultAt(0, 'WARN'), resultAt(500, 'SAFE')], 0)
    const changed = [resultAt(0, 'SAFE', 2), resultAt(500, 'ERROR', 2)]
    expect(feed.take(changed, 1)).toEqual(changed)
    expect(feed.hidden).toBe(0)
    expect(feed.take([resultAt(0, 'SAFE', 3)], 2)).toEqual([])
    expect(feed.take([resultAt(0, 'WARN', 4)], 3)).toEqual([resultAt(0, 'WARN', 4)])
    expect(feed.hidden).toBe(0)
  })

  it('waits for enough samples again on a new checkpoint, and shows only what is news', () => {
    const feed = feedOf(shows, { minSamples: 5 })
    feed.take([resultAt(0, 'ERROR', 9), resultAt(500, 'WARN', 9)], 0)
    feed.restart(0)
    expect(feed.take([resultAt(0, 'WARN', 1)], 1)).toEqual([])
    expect(feed.waiting).toBe(1)
    const anew = [resultAt(0, 'WARN', 5), resultAt(500, 'WARN', 9)]
    expect(feed.take(anew, 2)).toEqual([resultAt(0, 'WARN', 5)])
  })

  it('shows nothing of a repeat or of a replay that reaches the same values', () => {
    const feed = feedOf(shows)
    feed.take([resultAt(0, 'ERROR', 5), resultAt(500, 'SAFE', 4)], 0)
    const replay = [resultAt(0, 'WARN', 2), resultAt(500, 'ERROR', 1), resultAt(0, 'ERROR', 5)]
    expect(feed.take([resultAt(0, 'ERROR', 5), ...replay, resultAt(500, 'SAFE', 4)], 1)).toEqual([])
    expect(feed.hidden).toBe(1)
    expect(feed.flush()).toEqual([])
  })

  it('shows the verdict of a new checkpoint over the same samples', () => {
    const feed = feedOf(shows)
    expect(feed.take([resultAt(0, 'SAFE', 5)], 0)).toEqual([])
    expect(feed.take([resultAt(0, 'ERROR', 5)], 1)).toEqual([resultAt(0, 'ERROR', 5)])
  })

  it('shows a last result with fewer samples once the window is final', () => {
    const feed = feedOf(shows)
    feed.take([resultAt(0, 'SAFE', 5)], 0)
    expect(feed.take([resultAt(0, 'ERROR', 3)], 1)).toEqual([])
    expect(feed.flush()).toEqual([resultAt(0, 'ERROR', 3)])
  })

  it('shows a window once it has enough samples', () => {
    const feed = feedOf(shows, { minSamples: 3 })
    const counts = [1, 2, 3].map((count) => feed.take([resultAt(0, 'ERROR', count)], count).length)
    expect(counts).toEqual([0, 0, 1])
  })

  it('shows a window with too few samples once it is final', () => {
    const feed = feedOf(shows, { minSamples: 3 })
    feed.take([resultAt(0, 'ERROR', 1), resultAt(500, 'SAFE', 2)], 0)
    expect(feed.hidden).toBe(0)
    expect(feed.waiting).toBe(2)
    feed.take([resultAt(20_000, 'SAFE', 3)], 1_000)
    expect(feed.take([resultAt(20_500, 'SAFE', 3)], 3_000)).toEqual([resultAt(0, 'ERROR', 1)])
    expect(feed.hidden).toBe(3)
    expect(feed.waiting).toBe(0)
  })

  it('takes nothing back of a window that was an anomaly only with its first samples', () => {
    const feed = feedOf(shows, { minSamples: 3 })
    const shown = [1, 2, 3, 4].flatMap((count) =>
      feed.take([resultAt(0, count < 3 ? 'ERROR' : 'SAFE', count)], count),
    )
    expect([...shown, ...feed.flush()]).toEqual([])
  })

  it('sorts the windows of one poll', () => {
    const feed = feedOf(shows)
    const windows = [1_000, 0, 500].map((ms) => resultAt(ms, 'ERROR'))
    expect(feed.take(windows, 0)).toEqual([
      resultAt(0, 'ERROR'),
      resultAt(500, 'ERROR'),
      resultAt(1_000, 'ERROR'),
    ])
  })
})

describe('a feed that shows updates', () => {
  it('shows each update of a window', () => {
    const updates = [1, 2, 3].map((count) => resultAt(0, 'WARN', count))
    expect(feedOf('updates').take(updates, 0)).toEqual(updates)
  })
})

describe('a feed that shows changes', () => {
  it('shows a window that changes with every sample when it appears, changes its status, and is final', () => {
    const feed = feedOf('changes')
    const shown: WindowResult[] = []
    for (let count = 1; count <= 500; count += 1)
      shown.push(...feed.take([resultAt(0, count < 100 ? 'WARN' : 'ERROR', count)], count))
    expect(shown).toEqual([resultAt(0, 'WARN', 1), resultAt(0, 'ERROR', 100)])
    feed.take([resultAt(20_000, 'SAFE')], 1_000)
    expect(feed.take([resultAt(20_500, 'SAFE')], 3_000)).toEqual([resultAt(0, 'ERROR', 500)])
    expect(feed.flush()).toEqual([])
  })

  it('does not show a final window whose values were shown before', () => {
    const feed = feedOf('changes')
    expect(feed.take([resultAt(0, 'ERROR', 3)], 0)).toEqual([resultAt(0, 'ERROR', 3)])
    expect(feed.flush()).toEqual([])
  })

  it('counts the results of one poll for a window as one change', () => {
    const feed = feedOf('changes')
    expect(feed.take([resultAt(0, 'WARN', 1), resultAt(0, 'SAFE', 2)], 0)).toEqual([])
    expect(feed.take([resultAt(0, 'WARN', 3), resultAt(0, 'ERROR', 4)], 1)).toEqual([resultAt(0, 'ERROR', 4)])
    expect(feed.take([resultAt(0, 'WARN', 5), resultAt(0, 'SAFE', 6)], 2)).toEqual([resultAt(0, 'SAFE', 6)])
  })
})

describe('a feed that shows final windows', () => {
  it('shows a window once it is final, and counts windows of other statuses', () => {
    const feed = feedOf('final')
    expect(feed.take([resultAt(0, 'WARN'), resultAt(500, 'SAFE'), resultAt(20_000, 'ERROR')], 0)).toEqual([])
    expect(feed.waiting).toBe(3)
    expect(feed.take([resultAt(20_500, 'ERROR')], 2_000)).toEqual([resultAt(0, 'WARN')])
    expect(feed.hidden).toBe(1)
    expect(feed.waiting).toBe(2)
  })

  it('shows the pending windows on a flush', () => {
    const feed = feedOf('final')
    feed.take([resultAt(0, 'ERROR'), resultAt(500, 'SAFE')], 0)
    expect(feed.flush()).toEqual([resultAt(0, 'ERROR')])
    expect(feed.hidden).toBe(1)
    expect(feed.flush()).toEqual([])
  })

  it('shows a window again if its last result is another one after all', () => {
    const feed = feedOf('final')
    feed.take([resultAt(0, 'ERROR', 5), resultAt(500, 'SAFE', 5)], 0)
    feed.flush()
    feed.take([resultAt(0, 'SAFE', 5), resultAt(500, 'SAFE', 6)], 1)
    expect(feed.flush()).toEqual([resultAt(0, 'SAFE', 5)])
    expect(feed.hidden).toBe(1)
  })
})

it('names the statuses that are not shown', () => {
  expect([...feedOf('changes').unwanted]).toEqual(['SAFE'])
  expect([...feedOf('changes', { wanted: new Set<Status>(['SAFE', 'WARN', 'ERROR']) }).unwanted]).toEqual([])
})

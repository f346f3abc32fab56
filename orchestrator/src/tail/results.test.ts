import { describe, expect, it } from 'vitest'
import { FinalWindows } from '../anomaly/finality.ts'
import type { AnomalyRecord, Status } from '../anomaly/record.ts'
import type { TopicRecord } from '../kafka/topic-reader.ts'
import { ChangingResults, FinalResults, ResultReader } from './results.ts'

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
const ANOMALIES: ReadonlySet<Status> = new Set(['WARN', 'ERROR'])

describe('ChangingResults', () => {
  it('shows each change of a window with a wanted status', () => {
    const feed = new ChangingResults(ANOMALIES)
    expect(feed.take([result(0, 'WARN'), result(500, 'SAFE'), result(0, 'ERROR', 2)])).toEqual([
      result(0, 'WARN'),
      result(0, 'ERROR', 2),
    ])
    expect(feed.hidden).toBe(1)
  })

  it('shows that a shown window is no longer one of them, and that a hidden one has become one', () => {
    const feed = new ChangingResults(ANOMALIES)
    feed.take([result(0, 'WARN'), result(500, 'SAFE')])
    const changed = [result(0, 'SAFE', 2), result(500, 'ERROR', 2)]
    expect(feed.take(changed)).toEqual(changed)
    expect(feed.hidden).toBe(0)
    expect(feed.take([result(0, 'SAFE', 3)])).toEqual([])
  })

  it('does not show the same again, or what a replay brings', () => {
    const feed = new ChangingResults(ANOMALIES)
    feed.take([result(0, 'WARN', 5)])
    expect(feed.take([result(0, 'WARN', 5), result(0, 'ERROR', 2)])).toEqual([])
  })

  it('counts each hidden window once', () => {
    const feed = new ChangingResults(ANOMALIES)
    feed.take([result(0, 'SAFE', 1), result(0, 'SAFE', 2), result(500, 'SAFE', 1)])
    expect(feed.hidden).toBe(2)
  })
})

describe('FinalResults', () => {
  const feedOf = () => new FinalResults(ANOMALIES, new FinalWindows({ windowMs: 500, watermarkMs: 10_000 }))

  it('shows a window once it is final, and counts those of other statuses', () => {
    const feed = feedOf()
    expect(feed.take([result(0, 'WARN'), result(500, 'SAFE'), result(20_000, 'ERROR')], 0)).toEqual([])
    expect(feed.pending).toBe(3)
    expect(feed.take([result(20_500, 'ERROR')], 2_000)).toEqual([result(0, 'WARN')])
    expect(feed.hidden).toBe(1)
    expect(feed.pending).toBe(2)
  })

  it('shows the rest when the stream is at rest', () => {
    const feed = feedOf()
    feed.take([result(0, 'ERROR'), result(500, 'SAFE')], 0)
    expect(feed.settle()).toEqual([result(0, 'ERROR')])
    expect(feed.hidden).toBe(1)
    expect(feed.settle()).toEqual([])
  })
})

describe('ResultReader', () => {
  const record = (offset: number, value: string | null): TopicRecord => ({
    partition: 0,
    offset: BigInt(offset),
    timestampMs: 0,
    key: null,
    value: value === null ? null : Buffer.from(value),
  })

  it('reads the results and mentions the first five records that are none', () => {
    const lines: string[] = []
    const reader = new ResultReader((line) => void lines.push(line))
    const good = result(0, 'WARN')
    const bad = Array.from({ length: 8 }, (_, index) => record(index + 1, 'no result'))
    expect(reader.read([record(0, JSON.stringify(good)), ...bad, record(9, null)])).toEqual([good])
    expect(lines).toHaveLength(5)
    expect(lines[0]).toBe('the record at partition 0, offset 1 is no result: it is no JSON object')
    expect(lines[4]).toMatch(/offset 5 .*no further ones are mentioned/)
    expect(reader.read([record(10, 'no result')])).toEqual([])
    expect(lines).toHaveLength(5)
  })
})

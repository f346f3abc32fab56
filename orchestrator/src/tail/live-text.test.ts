import { describe, expect, it } from 'vitest'
import type { Status } from '../anomaly/result.ts'
import type { TopicRecord } from '../kafka/topic-reader.ts'
import type { JobFacts } from './job-watch.ts'
import { liveText, newerResult } from './live-text.ts'
import { resultAt } from './result.fixture.ts'

const T0 = Date.parse('2026-01-01T00:00:00Z')
const NOW = T0 + 62_000
const feed = { hidden: 0, unwanted: new Set<Status>(['SAFE']), waiting: 0 }
const running: JobFacts = { state: 'running', late: 0, lastReadMs: NOW - 500 }
const newest = { result: resultAt(0, 'SAFE'), writtenMs: NOW - 500 }

describe('liveText', () => {
  it.each([
    [feed, undefined, undefined, 'waiting for results'],
    [feed, newest, running, 'newest 00:00:00 SAFE 14.5 %'],
    [
      { ...feed, hidden: 1_234 },
      newest,
      running,
      'newest 00:00:00 SAFE 14.5 %; 1,234 SAFE windows not shown',
    ],
    [{ ...feed, waiting: 3 }, newest, running, 'newest 00:00:00 SAFE 14.5 %; 3 windows not final yet'],
    [
      feed,
      undefined,
      { ...running, state: undefined, lastReadMs: undefined },
      'no job runs; waiting for results',
    ],
    [
      feed,
      undefined,
      { ...running, state: 'stopped', lastReadMs: T0 },
      'the job is stopped; no sample for 62 s; waiting for results',
    ],
    [feed, newest, { ...running, late: 10_000 }, '10,000 late; newest 00:00:00 SAFE 14.5 %'],
  ] as const)('of %j, %j and %j is %s', (given, result, facts, expected) => {
    expect(liveText(given, result, facts, NOW)).toBe(expected)
  })

  it('counts from the last result if the job has not committed since, as in real-time mode', () => {
    const text = liveText(feed, newest, { ...running, lastReadMs: T0 }, NOW)
    expect(text).not.toContain('no sample')
  })

  it('shows the date of the newest window if it is not that of today', () => {
    expect(liveText(feed, newest, running, NOW + 86_400_000)).toContain('newest 2026-01-01 00:00:00 SAFE')
  })
})

describe('newerResult', () => {
  const record = (timestampMs: number): TopicRecord => ({
    partition: 0,
    offset: 0n,
    timestampMs,
    key: null,
    value: null,
  })

  it('is the newest window so far, and when the last result was written', () => {
    const first = newerResult(undefined, [resultAt(500, 'WARN'), resultAt(0, 'SAFE')], [record(7), record(8)])
    expect(first).toEqual({ result: resultAt(500, 'WARN'), writtenMs: 8 })
    expect(newerResult(first, [resultAt(0, 'ERROR')], [record(9)])).toEqual({
      result: resultAt(500, 'WARN'),
      writtenMs: 9,
    })
    expect(newerResult(first, [resultAt(500, 'ERROR')], [])).toMatchObject({ result: { status: 'ERROR' } })
  })

  it('is undefined before the first result', () => {
    expect(newerResult(undefined, [], [])).toBeUndefined()
  })
})

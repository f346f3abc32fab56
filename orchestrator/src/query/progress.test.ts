import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { parseDriverEvent } from './driver-log.ts'
import { queryProgress } from './progress.ts'

describe('queryProgress', () => {
  const event = (batch: number) =>
    parseDriverEvent(
      `2026-11-24T06:00:0${batch}Z progress batch=${batch} input_rows=500 rows_per_s=990.5 processed_rows_per_s=2000 lag=3 watermark= state_rows=20 read=10000 dead_lettered=2 late=1`,
    )

  it('comes from the last progress line', () => {
    const events = [event(1), event(2)].filter((one) => one !== undefined)
    expect(queryProgress(events)).toMatchObject({
      batch: 2,
      inputRecordsPerSecond: 990.5,
      lag: 3,
      watermark: undefined,
      late: 1,
    })
  })

  it('knows when records were last read, and no watermark before the first sample', () => {
    const idle = parseDriverEvent(
      '2026-11-24T06:00:09Z progress batch=3 input_rows=0 watermark=1970-01-01T00:00:00.000Z',
    )
    const events = [event(1), event(2), idle].filter((one) => one !== undefined)
    expect(queryProgress(events)).toMatchObject({
      batch: 3,
      lastReadAt: '2026-11-24T06:00:02Z',
      watermark: undefined,
    })
  })

  const PROGRESS =
    '2026-11-24T06:00:00Z progress batch=1 input_rows=5 watermark=2026-11-24T06:04:40.000Z read=9 late=4'
  const AHEAD =
    '2026-11-24T05:59:00Z ahead_of_clock batch=0 time=2026-11-24T06:04:50.123Z ahead_ms=290123 series="web 1" partition=2 offset=7 late_until=2026-11-24T06:04:40.000Z'
  const from = (...lines: string[]) =>
    queryProgress(lines.map(parseDriverEvent).filter((one) => one !== undefined))

  it('names the series of late samples, and their times', () => {
    const series = [
      ['web "1"', 3],
      ['', 2],
    ]
    const late = `late_first=2026-11-24T05:00:00.000Z late_last=2026-11-24T05:10:00.000Z late_series=${JSON.stringify(JSON.stringify(series))} late_other=1`
    expect(from(`${PROGRESS} ${late}`)?.lateDetails).toEqual({
      first: '2026-11-24T05:00:00.000Z',
      last: '2026-11-24T05:10:00.000Z',
      series: [
        { series: 'web "1"', samples: 3 },
        { series: '', samples: 2 },
      ],
      other: 1,
    })
    expect(from(PROGRESS)?.lateDetails).toBeUndefined()
  })

  it('counts updates without a row in the baseline, and says nothing without a baseline', () => {
    expect(from(`${PROGRESS} without_baseline=7`)?.withoutBaseline).toBe(7)
    expect(from(PROGRESS)?.withoutBaseline).toBeUndefined()
  })

  it('names the sample that moved the watermark ahead of the clock, until the clock has caught up', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-11-24T06:00:40Z') })
    onTestFinished(() => void vi.useRealTimers())
    const ahead = `${PROGRESS} watermark_ahead_ms=280000`
    expect(from(AHEAD, ahead)?.watermarkAhead).toEqual({
      aheadMs: 240_000,
      sample: { time: '2026-11-24T06:04:50.123Z', series: 'web 1', partition: 2, offset: 7 },
    })
    expect(from(ahead)?.watermarkAhead).toEqual({ aheadMs: 240_000, sample: undefined })
    expect(from(AHEAD, PROGRESS)?.watermarkAhead).toBeUndefined()
    vi.setSystemTime(Date.parse('2026-11-24T06:04:40Z'))
    expect(from(AHEAD, ahead)?.watermarkAhead).toBeUndefined()
  })

  it('is undefined before the first batch', () => {
    expect(queryProgress([])).toBeUndefined()
  })
})

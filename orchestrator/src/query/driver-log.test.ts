import { describe, expect, it } from 'vitest'
import { parseDriverEvent, queryProgress } from './driver-log.ts'

describe('parseDriverEvent', () => {
  it('reads time, name and fields', () => {
    expect(parseDriverEvent('2026-11-24T06:00:00.123Z ready batch=7')).toEqual({
      time: '2026-11-24T06:00:00.123Z',
      name: 'ready',
      fields: { batch: '7' },
    })
  })

  it('reads quoted values with spaces, quotes and escapes', () => {
    const event = parseDriverEvent(
      String.raw`2026-11-24T06:00:00Z failed kind=query message="no \"topic\"\n= x" code=7`,
    )
    expect(event?.fields).toEqual({ kind: 'query', message: 'no "topic"\n= x', code: '7' })
  })

  it.each([
    '',
    'WARN something',
    '2026-11-24 06:00:00 no event',
    '\tat org.apache.spark.Foo',
    'Traceback (most recent call last):',
  ])('does not read %j as an event', (line) => {
    expect(parseDriverEvent(line)).toBeUndefined()
  })
})

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

  it('is undefined before the first batch', () => {
    expect(queryProgress([])).toBeUndefined()
  })
})

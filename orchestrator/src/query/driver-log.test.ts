import { describe, expect, it } from 'vitest'
import { type DriverEvent, delayMsAt, eventsOfCheckpoint, parseDriverEvent } from './driver-log.ts'

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

describe('eventsOfCheckpoint', () => {
  const events = (...lines: readonly string[]): DriverEvent[] =>
    lines
      .map((line) => parseDriverEvent(`2026-11-24T06:00:00Z ${line}`))
      .filter((event) => event !== undefined)
  const batches = (...lines: readonly string[]) =>
    eventsOfCheckpoint(events(...lines)).flatMap(({ name, fields }) =>
      name === 'progress' ? [Number(fields.batch)] : [],
    )
  const [first, ...later] = [0, 1, 2, 3].map((batch) => `progress batch=${batch}`) as [string, string]

  it.each([
    ['all of a checkpoint that the log does not begin', [first, ...later], [0, 1, 2, 3]],
    ['none of an earlier checkpoint', [...later, 'started resumed_from_batch=', first], [0]],
    ['all before a restart', [first, ...later, 'started resumed_from_batch=3'], [0, 1, 2, 3]],
    ['none of the future of a restored one', [first, ...later, 'started resumed_from_batch=1'], [0, 1]],
    [
      'what followed the restoration',
      [first, ...later, 'started resumed_from_batch=1', 'progress batch=2'],
      [0, 1, 2],
    ],
    [
      'nothing once another checkpoint was submitted, also before its driver has started',
      [first, ...later, 'supervisor state="starting" attempt=1 resumed_from_batch=""'],
      [],
    ],
    [
      'none of the future of a restored one, also before its driver has started',
      [first, ...later, 'supervisor state="starting" attempt=1 resumed_from_batch=1'],
      [0, 1],
    ],
    [
      'none of a future, after two restorations',
      [first, ...later, 'started resumed_from_batch=0', later[0], 'started resumed_from_batch=1'],
      [0, 1],
    ],
  ])('leaves %s', (_, lines, expected) => {
    expect(batches(...lines)).toEqual(expected)
  })
})

describe('delayMsAt', () => {
  const second = (at: number) => `2026-11-24T06:00:${String(at).padStart(2, '0')}.000Z`
  const event = (at: number, name: string, delayMs?: number): DriverEvent => ({
    time: second(at),
    name,
    fields: delayMs === undefined ? {} : { delay_ms: String(delayMs) },
  })
  const log = [
    event(10, 'progress', 10_000),
    event(20, 'catch_up', 70_000),
    event(30, 'progress', 70_000),
    event(40, 'progress', 10_000),
  ]

  it.each([
    ['of an ordinary batch', log, 5, 10_000],
    ['of a batch of a backlog', log, 25, 70_000],
    ['of the batch after it', log, 35, 10_000],
    ['of a batch that is not committed yet', log, 45, 10_000],
    ['of the first batch of a backlog', log.slice(0, 2), 25, 70_000],
    ['of an earlier version', [event(10, 'progress')], 5, undefined],
    ['of no batch', [], 5, undefined],
    ['of the batch after the clock was set back', [event(50, 'progress', 70_000), ...log], 35, 10_000],
  ])('is that %s', (_, events, written, expected) => {
    expect(delayMsAt(events, Date.parse(second(written)))).toBe(expected)
  })
})

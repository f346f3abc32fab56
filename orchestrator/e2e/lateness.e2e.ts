import { describe, expect, it } from 'vitest'
import { expectAccounted, expectOrderly, expectWindows, lastValues } from './helpers/guarantees.ts'
import { type RawRecord, send, sendTransaction } from './helpers/kafka.ts'
import { everywhere, modesOr } from './helpers/modes.ts'
import type { Sample } from './helpers/oracle.ts'
import { steadySamples, toRecords } from './helpers/samples.ts'
import { SharedStack } from './helpers/shared-stack.ts'

const END_MS = 1_700_003_640_000 // a full minute
const MINUTE_MS = 60_000

/** A sample per second, up to the same end as those of every other series. */
const lastMinutes = (series: string, minutes: number): Sample[] =>
  steadySamples(END_MS - minutes * MINUTE_MS, minutes * 60, 1_000).map((sample) => ({ ...sample, series }))

const inPartition = (partition: number, samples: readonly Sample[]): RawRecord[] =>
  samples.map(({ timeMs, cpu, series = '' }) => ({
    key: series,
    value: Buffer.from(`${timeMs},${cpu}`),
    partition,
  }))

describe('what is late', () => {
  const shared = new SharedStack('local')

  it('is nothing of a backlog whose partitions are apart in time, also across a stop', async () => {
    const stack = await shared.forTest({
      INPUT_PARTITIONS: '4',
      WINDOW_DURATION: '1 minute',
      KAFKA_MAX_OFFSETS_PER_TRIGGER: '1000',
    })
    await stack.ok('up')
    const [a, b] = [lastMinutes('a', 60), lastMinutes('b', 10)]
    await send(stack.broker, stack.topics.input, [
      ...inPartition(0, a.slice(0, 1_800)),
      ...inPartition(1, b.slice(0, 300)),
    ])
    await stack.ok('submit', '--new-checkpoint')
    await stack.ok('stop')
    await send(stack.broker, stack.topics.input, [
      ...inPartition(0, a.slice(1_800)),
      ...inPartition(3, b.slice(300)),
    ])
    await stack.ok('submit')
    const status = await stack.untilRead(4_200)
    expect(status.progress).toMatchObject({ late: 0, deadLettered: 0 })
    const windows = await lastValues(stack)
    const samples = [...a, ...b].map((sample) => ({ ...sample, series: '' }))
    expectWindows(windows, samples, MINUTE_MS)
    expect(windows.size).toBe(60)
    await expectAccounted(stack, status, 4_200)
    await expectOrderly(stack, 'micro-batch', 0)
  })

  if (everywhere)
    it('is nothing of a backlog of files that were sent one after the other', async () => {
      const stack = await shared.forTest({
        GROUP_BY: 'key',
        WINDOW_DURATION: '1 minute',
        KAFKA_MAX_OFFSETS_PER_TRIGGER: '1000',
      })
      await stack.ok('up')
      const samples = ['a', 'b', 'c'].flatMap((series) => lastMinutes(series, 50))
      await send(stack.broker, stack.topics.input, inPartition(0, samples))
      await stack.ok('submit', '--new-checkpoint')
      const status = await stack.untilRead(9_000)
      expect(status.progress).toMatchObject({ late: 0, deadLettered: 0 })
      expectWindows(await lastValues(stack), samples, MINUTE_MS)
      expect((await stack.cli(['logs', 'driver'])).stdout).toMatch(/ catch_up_read records=9000 seconds=\d/)
    })

  it('keeps windows from being final while a backlog is read', async () => {
    const stack = await shared.forTest({
      GROUP_BY: 'key',
      INPUT_PARTITIONS: '2',
      WINDOW_DURATION: '5 seconds',
      WATERMARK_DELAY: '5 seconds',
      KAFKA_MAX_OFFSETS_PER_TRIGGER: '400',
    })
    await stack.ok('up')
    const [a, b] = [lastMinutes('a', 30), lastMinutes('b', 5)]
    await send(stack.broker, stack.topics.input, [...inPartition(0, a), ...inPartition(1, b)])
    const args = ['--all', '--final', '--from', 'earliest', '--json', '--limit', '420']
    const tail = stack.start(['tail', ...args])
    await stack.ok('submit', '--new-checkpoint')
    const { stdout = '' } = await tail
    const shown = stdout.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(new Set(shown.map(({ series, window }) => JSON.stringify([series, window]))).size).toBe(420)
    expect(shown.filter(({ count }) => count !== 5)).toEqual([])
  })

  it('is told by series, and with the sample that moved the watermark ahead of the clock', async () => {
    const stack = await shared.forTest({ GROUP_BY: 'key' })
    await stack.ok('submit', '--new-checkpoint')
    const sample = (series: string, aheadMs: number): Sample => ({
      series,
      timeMs: Date.now() + aheadMs,
      cpu: 10,
    })
    const samples = [sample('ahead', 240_000), sample('in time', 0), sample('late', 0)]
    for (const [index, each] of samples.entries()) {
      await send(stack.broker, stack.topics.input, inPartition(0, [each]))
      await stack.untilRead(index + 1)
    }
    const { progress } = await stack.status()
    const iso = (timeMs = 0) => new Date(timeMs).toISOString()
    expect(progress).toMatchObject({
      late: 1,
      lateDetails: {
        first: iso(samples[2]?.timeMs),
        last: iso(samples[2]?.timeMs),
        series: [{ series: 'late', samples: 1 }],
        other: 0,
      },
      watermarkAhead: { sample: { time: iso(samples[0]?.timeMs), series: 'ahead', partition: 0, offset: 0 } },
    })
    const shown = await stack.ok('status')
    expect(shown).toContain(': late 1\n')
    expect(shown).toMatch(
      /ahead of the clock, .* because of the sample .* of ahead \(partition 0, offset 0\)/,
    )
  })
})

describe.each(modesOr('real-time'))('transactions in %s mode', (mode) => {
  const shared = new SharedStack('local', { TRIGGER: mode, CHECKPOINT_INTERVAL: '5 seconds' })

  it('count once they are committed, and never if they are aborted', async () => {
    const stack = await shared.forTest()
    await stack.ok('submit', '--new-checkpoint')
    const samples = steadySamples(END_MS, 400, 20)
    const records = toRecords(samples)
    const { broker, topics } = stack
    await sendTransaction(broker, topics.input, records.slice(100, 200), 'abort')
    await sendTransaction(broker, topics.input, records.slice(0, 100), 'commit')
    // The batch that has the bad line is read again, control records and aborted records included.
    const bad = { key: null, value: Buffer.from('bad') }
    await sendTransaction(broker, topics.input, [...records.slice(200, 300), bad], 'commit')
    await send(broker, topics.input, records.slice(300))
    await sendTransaction(broker, topics.input, [...records.slice(100, 200), bad], 'abort')
    const status = await stack.untilRead(301)
    const counted = [...samples.slice(0, 100), ...samples.slice(200)]
    expect(status.progress).toMatchObject({ late: 0, deadLettered: 1 })
    expectWindows(await lastValues(stack), counted)
    await expectAccounted(stack, status, 301)
    await expectOrderly(stack, mode, 0)
    // What ends the topic are no records: in real-time mode Spark never commits beyond them.
    expect(await stack.status()).toMatchObject({ unread: 0 })
    const windows = new Set(counted.map(({ timeMs }) => Math.floor(timeMs / 500))).size
    const shown = await stack.ok(
      'tail',
      '--all',
      '--final',
      '--from',
      'earliest',
      '--json',
      '--limit',
      `${windows}`,
    )
    expect(shown.trim().split('\n')).toHaveLength(windows)
  })
})

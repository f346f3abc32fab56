import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type TestContext, testContext } from '../cli/command.fixture.ts'
import { at, driverIn } from '../runtime/runtime.fixture.ts'
import { useVirtualTime } from '../system/virtual-time.fixture.ts'
import { run } from './tail.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))
vi.mock('node:timers/promises', () => import('../system/virtual-time.fixture.ts'))

const result = (second: number, status: string, more: object = {}) => ({
  value: JSON.stringify({
    window: {
      start: `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z`,
      end: `2026-01-01T00:00:${String(second).padStart(2, '0')}.500Z`,
    },
    mean: 14.5,
    stddev: null,
    count: 1,
    status,
    score: 0,
    ...more,
  }),
})

let context: TestContext
beforeEach(async () => {
  context = await testContext({ settings: { MIN_SAMPLES: '1' } })
  context.broker.createTopic('cpu-usage').createTopic('anomaly').createTopic('cpu-usage.dead-letter')
  context.runtime.driverNow = driverIn('running')
})

/** Ends the tail, as Ctrl-C does, at the nth fetch. */
function interruptAtFetch(nth: number): void {
  let fetches = 0
  context.broker.onRequest = (request) => {
    if (request === 'fetch' && ++fetches === nth) context.interrupt()
  }
}

const shownStatuses = () =>
  context.output.results.map((line) => (JSON.parse(line) as { status: string }).status)

describe('tail', () => {
  it.each([
    ['an invalid position', [], { from: 'yesterday' }],
    ['--all with --status', [], { all: true, status: 'warn' }],
    ['an unknown status', [], { status: 'fatal' }],
    ['--final on another topic', ['cpu-usage'], { final: true }],
    ['--all on another topic', ['cpu-usage'], { all: true }],
    ['--status on another topic', ['cpu-usage'], { status: 'warn' }],
  ])('refuses %s before it reads', async (_, args, flags) => {
    await expect(run(context, args, flags)).rejects.toMatchObject({ code: 'USAGE' })
    expect(context.broker.requests).toEqual([])
  })

  it.each([
    ['WARN and ERROR by default', {}, ['WARN', 'ERROR']],
    ['every status with --all', { all: true }, ['SAFE', 'WARN', 'ERROR']],
    ['what --status names', { status: 'safe,error' }, ['SAFE', 'ERROR']],
  ])('shows %s', async (_, flags, expected) => {
    context.broker.append('anomaly', result(1, 'SAFE'), result(2, 'WARN'), result(3, 'ERROR'))
    await run(context, [], { from: 'earliest', limit: expected.length, ...flags })
    expect(shownStatuses()).toEqual(expected)
  })

  it('ends at --limit', async () => {
    context.broker.append('anomaly', result(1, 'WARN'), result(2, 'WARN'), result(3, 'ERROR'))
    await run(context, ['anomaly'], { from: 'earliest', limit: 2 })
    expect(shownStatuses()).toEqual(['WARN', 'WARN'])
  })

  it('begins at the end of the topic by default', async () => {
    context.broker.append('anomaly', result(1, 'WARN'))
    let fetches = 0
    context.broker.onRequest = (request) => {
      if (request === 'fetch' && ++fetches === 1) context.broker.append('anomaly', result(2, 'ERROR'))
    }
    await run(context, [], { limit: 1 })
    expect(shownStatuses()).toEqual(['ERROR'])
  })

  it('prints JSON in a pipe, and with --json on a terminal too', async () => {
    context.broker.append('anomaly', result(1, 'WARN'))
    const flags = { from: 'earliest', limit: 1 }
    await run(context, [], flags)
    context.output.isTerminal = true
    await run(context, [], { ...flags, json: true })
    await run(context, [], flags)
    const isJson = context.output.results.map((line) => line.startsWith('{'))
    expect(isJson).toEqual([true, true, false])
  })

  it.each([
    ['every change of a window', {}, [1, 2, 3]],
    ['a window once with --final', { final: true }, [3]],
  ])('prints %s as JSON', async (_, flags, counts) => {
    const changes = [1, 2, 3].map((count) => result(1, 'WARN', { count }))
    context.broker.append('anomaly', ...changes)
    useVirtualTime()
    await run(context, [], { from: 'earliest', limit: counts.length, ...flags })
    expect(context.output.results.map((line) => JSON.parse(line).count)).toEqual(counts)
  })

  it.each([{}, { final: true }])(
    'shows the verdicts of a new checkpoint with other thresholds: %j',
    async (flags) => {
      const verdicts = (...statuses: readonly string[]) =>
        statuses.map((status, second) => result(second, status, { count: 500, score: status.length }))
      context.broker.append('anomaly', ...verdicts('SAFE', 'SAFE'), ...verdicts('ERROR', 'SAFE'))
      useVirtualTime()
      await run(context, [], { from: 'earliest', limit: 1, ...flags })
      expect(context.output.results.map((line) => JSON.parse(line))).toMatchObject([
        { window: { start: '2026-01-01T00:00:00.000Z' }, status: 'ERROR' },
      ])
    },
  )

  it('prints a window of 20 s once with --final, though its samples are 3 s apart', async () => {
    context = await testContext({ settings: { WINDOW_DURATION: '20 seconds' } })
    context.broker.createTopic('cpu-usage').createTopic('anomaly')
    context.runtime.driverNow = driverIn('running')
    useVirtualTime()
    const counts = new Map<number, number>()
    for (let sample = 0; sample < 26; sample += 1) {
      const second = 12 + 3 * sample
      setTimeout(
        () => {
          const window = second - (second % 20)
          counts.set(window, (counts.get(window) ?? 0) + 1)
          context.broker.append('cpu-usage', { value: 'x' })
          context.runtime.logLines.driver = [
            `${at(second)} progress batch=${sample} end_offsets=0:${sample + 1}`,
          ]
          const start = new Date(Date.parse(at(window))).toISOString()
          context.broker.append(
            'anomaly',
            result(0, 'WARN', { window: { start, end: at(window + 20) }, count: counts.get(window) }),
          )
        },
        1_000 + 3_000 * sample,
      )
    }
    await run(context, [], { from: 'earliest', limit: 5, final: true })
    expect(context.output.results.map((line) => JSON.parse(line).count)).toEqual([3, 7, 6, 7, 3])
  })

  it('names the existing topics when the output topic is missing', async () => {
    context.broker.topics.delete('anomaly')
    await expect(run(context, [], {})).rejects.toMatchObject({
      code: 'NO_SUCH_TOPIC',
      hint: expect.stringContaining('cpu-usage.dead-letter'),
    })
  })
})

describe('tail of another topic', () => {
  it('prints each record as it is, up to --limit', async () => {
    context.broker.append(
      'cpu-usage',
      { key: 'rack-7', value: '1000,14.5' },
      { value: '\u001b[2J' },
      { value: 'c' },
    )
    await run(context, ['cpu-usage'], { from: 'earliest', limit: 2 })
    expect(context.output.results).toEqual([
      expect.stringMatching(/^0 +0 .*rack-7 +1000,14\.5$/),
      expect.stringMatching(/\\x1b\[2J$/),
    ])
  })

  it('prints one object per record with --json', async () => {
    context.broker.append('cpu-usage', { key: 'rack-7', value: '1000,14.5', timestampMs: 0 })
    await run(context, ['cpu-usage'], { from: 'earliest', limit: 1, json: true })
    expect(context.output.results.map((line) => JSON.parse(line))).toEqual([
      { partition: 0, offset: 0, time: '1970-01-01T00:00:00.000Z', key: 'rack-7', value: '1000,14.5' },
    ])
  })

  it('continues until Ctrl-C', async () => {
    context.broker.append('cpu-usage', { value: 'a' })
    interruptAtFetch(3)
    useVirtualTime()
    await run(context, ['cpu-usage'], { from: 'earliest' })
    expect(context.output.results).toHaveLength(1)
  })
})

it.each([[], ['cpu-usage']])("shows nothing of another folder's broker (topic %s)", async (...args) => {
  const context = await testContext()
  context.runtime.clusterIdNow = 'of this folder'
  await expect(run(context, args, {})).rejects.toMatchObject({ code: 'OTHER_FOLDER' })
  expect(context.broker.requests).not.toContain('fetch')
})

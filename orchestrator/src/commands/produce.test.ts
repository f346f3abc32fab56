import { rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type TestContext, testContext } from '../cli/command.fixture.ts'
import { useVirtualTime } from '../system/virtual-time.fixture.ts'
import { standardInput } from '../terminal/stdin.fixture.ts'
import { csv, sample, sent } from './produce.fixture.ts'
import { run } from './produce.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))
vi.mock('node:timers/promises', () => import('../system/virtual-time.fixture.ts'))
vi.mock('../produce/cpu-times.ts', () => import('../produce/cpu-times.fixture.ts'))

let context: TestContext
beforeEach(async () => {
  context = await testContext()
  context.broker.createTopic('cpu-usage')
})

/** Stands for the path of a file that can be sent. */
const FILE = 'cpu.csv'

describe('produce', () => {
  it.each([
    ['nothing to send', [], {}],
    ['a file and --live', [FILE], { live: true }],
    ['--live and --now', [], { live: true, now: true }],
    ['--seconds without --live', [FILE], { seconds: 3 }],
    ['more live samples than there are milliseconds', [], { live: true, rate: 1_001 }],
    ['a missing file', ['/no/such/file.csv'], {}],
    ['several files', [FILE, FILE], {}],
    ['a folder', ['/'], {}],
  ])('refuses %s before it does anything else', async (_, args, flags) => {
    const untouched = { ...context, select: expect.fail, config: expect.fail }
    const file = await csv(context, sample(0))
    const given = args.map((arg) => (arg === FILE ? file : arg))
    await expect(run(untouched, given, flags)).rejects.toMatchObject({ code: 'USAGE', exitCode: 2 })
    expect(context.broker.requests).toEqual([])
  })

  it('sends each line of a file as one record with the key of this machine', async () => {
    await run(context, [await csv(context, sample(0, 14.5), sample(50, 15))], {})
    expect(sent(context)).toEqual([sample(0, 14.5), sample(50, 15)])
    expect(context.broker.records('cpu-usage').map(({ key }) => String(key))).toEqual([
      hostname(),
      hostname(),
    ])
    expect(context.output.results).toEqual([expect.stringMatching(/\b2\b.*cpu-usage/)])
    expect(context.output.warnings).toEqual([])
  })

  it('refuses to send csv to a topic that is read in another format, unless it is sent anyway', async () => {
    context = await testContext({ settings: { INPUT_FORMAT: 'telegraf' } })
    context.broker.createTopic('cpu-usage')
    const file = await csv(context, sample(0))
    await expect(run(context, [file], {})).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/csv to cpu-usage.*telegraf.*dead letters/),
    })
    expect(sent(context)).toEqual([])
    await run(context, [file], { anyway: true })
    expect(sent(context)).toEqual([sample(0)])
  })

  it('reads standard input', async () => {
    standardInput(`${sample(0)}\n`, { isTTY: false })
    await run(context, ['-'], { key: 'rack-7' })
    expect(sent(context)).toEqual([sample(0)])
    expect(String(context.broker.records('cpu-usage')[0]?.key)).toBe('rack-7')
  })

  it('explains how to end typed input', async () => {
    standardInput(`${sample(0)}\n`, { isTTY: true })
    await run(context, ['-'], {})
    expect(context.output.notes[0]).toContain('Ctrl-D')
  })

  it('puts --batch samples into a record', async () => {
    await run(context, [await csv(context, sample(1), sample(2), sample(3))], { batch: 2, json: true })
    expect(sent(context)).toEqual([`${sample(1)}\n${sample(2)}`, sample(3)])
    expect(context.output.values).toEqual([expect.objectContaining({ acknowledged: 3, records: 2 })])
  })

  it.each([
    ['of a clean file', [sample(0)], { header: false, unlike_samples: 0 }],
    [
      'of one with a header and a stray line',
      ['time_millis,cpu', 'n/a', sample(0)],
      { header: true, unlike_samples: 1 },
    ],
  ])('prints with --json what was sent %s', async (_, lines, expected) => {
    await run(context, [await csv(context, ...lines)], { json: true })
    expect(context.output.values).toEqual([
      {
        acknowledged: sent(context).length,
        records: sent(context).length,
        unacknowledged: 0,
        samples_per_s: expect.any(Number),
        ...expected,
      },
    ])
    expect(context.output.results).toEqual([])
  })

  it('with --now, shifts a whole file so that its newest sample has the present time', async () => {
    const before = Date.now()
    await run(context, [await csv(context, sample(1_000), sample(3_000), sample(2_000))], { now: true })
    const times = sent(context).map((value) => Number(value.split(',')[0]))
    expect(times.map((time) => time - (times[0] ?? 0))).toEqual([0, 2_000, 1_000])
    expect(times[1]).toBeGreaterThanOrEqual(before)
    expect(times[1]).toBeLessThanOrEqual(Date.now())
  })

  it('with --now, shifts what comes from a pipe like a file', async () => {
    standardInput(`${sample(1_000)}\n${sample(61_000)}\n`, { isTTY: false })
    const before = Date.now()
    await run(context, ['-'], { now: true })
    const [first = 0, second = 0] = sent(context).map((value) => Number(value.split(',')[0]))
    expect(second - first).toBe(60_000)
    expect(second).toBeGreaterThanOrEqual(before)
    expect(second).toBeLessThanOrEqual(Date.now())
  })

  it('with --now and --rate, gives each sample the time at which it is sent', async () => {
    const before = Date.now()
    await run(context, [await csv(context, sample(60_000), sample(0))], { now: true, rate: 1_000_000 })
    for (const value of sent(context)) expect(Number(value.split(',')[0])).toBeGreaterThanOrEqual(before)
  })

  it('with --sort, sends the samples in the order of their times', async () => {
    await run(context, [await csv(context, 'time,cpu', sample(60_000), sample(0), sample(30_000))], {
      sort: true,
    })
    expect(sent(context)).toEqual([sample(0), sample(30_000), sample(60_000)])
    expect(context.output.warnings).toEqual([])
  })

  it('is not faster than --rate', async () => {
    const file = await csv(context, ...Array.from({ length: 21 }, (_, index) => sample(index)))
    useVirtualTime()
    const startedAt = Date.now()
    await run(context, [file], { rate: 10 })
    expect(sent(context)).toHaveLength(21)
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(2_000)
  })

  it("with --live, samples this machine's own CPU at --rate, for --seconds", async () => {
    useVirtualTime()
    await run(context, [], { live: true, seconds: 2, rate: 10 })
    expect(sent(context)).toHaveLength(20)
    for (const value of sent(context)) expect(value).toMatch(/^\d{13},25\.00$/)
  })

  it.each([600, 1_000])('takes %i live samples per second', async (rate) => {
    useVirtualTime()
    await run(context, [], { live: true, seconds: 2, rate })
    expect(sent(context)).toHaveLength(2 * rate)
  })

  it('takes as many live samples while requests take longer than the time between two', async () => {
    useVirtualTime()
    context.broker.onRequest = (request) =>
      request === 'produce' && new Promise((resolve) => setTimeout(resolve, 20))
    await run(context, [], { live: true, seconds: 2, rate: 600 })
    expect(sent(context)).toHaveLength(1_200)
  })

  it('names a file that is removed before it is sent', async () => {
    const file = await csv(context, sample(0))
    context.broker.onRequest = (request) => {
      if (request === 'connect') rmSync(file, { force: true })
    }
    await expect(run(context, [file], { anyway: true })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/cannot read samples from .*: there is no such file/),
    })
  })

  it('with a file, completes only the request in flight after Ctrl-C', async () => {
    context.broker.onRequest = (request) => {
      if (request === 'produce') context.interrupt()
    }
    await run(context, [await csv(context, ...Array.from({ length: 1_500 }, (_, index) => sample(index)))], {
      json: true,
    })
    expect(context.output.values).toEqual([expect.objectContaining({ acknowledged: 700 })])
  })

  it('with --live, continues until Ctrl-C', async () => {
    useVirtualTime()
    context.broker.onRequest = () => {
      if (sent(context).length === 5) context.interrupt()
    }
    await run(context, [], { live: true })
    expect(sent(context)).toHaveLength(6)
  })

  it('names the existing topics when the input topic is missing', async () => {
    context.broker.topics.delete('cpu-usage')
    context.broker.createTopic('orders')
    await expect(run(context, [await csv(context, sample(0))], {})).rejects.toMatchObject({
      code: 'NO_SUCH_TOPIC',
      hint: expect.stringContaining('orders'),
    })
  })
})

it("sends nothing to another folder's broker", async () => {
  context.runtime.clusterIdNow = 'of this folder'
  await expect(run(context, [await csv(context, '1700000000000,10')], {})).rejects.toMatchObject({
    code: 'OTHER_FOLDER',
  })
  expect(sent(context)).toEqual([])
})

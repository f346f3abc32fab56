import { writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type TestContext, testContext } from '../cli/command.fixture.ts'
import { driverIn } from '../runtime/runtime.fixture.ts'
import { useVirtualTime } from '../system/virtual-time.fixture.ts'
import { standardInput } from '../terminal/stdin.fixture.ts'
import { run } from './produce.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))
vi.mock('node:timers/promises', () => import('../system/virtual-time.fixture.ts'))
// A machine that is busy a quarter of the time.
vi.mock('../produce/cpu-times.ts', async (original) => {
  let readings = 0
  const readCpuTimes = async () => ({ busy: ++readings, total: 4 * readings })
  return { ...(await original<object>()), readCpuTimes }
})

let context: TestContext
beforeEach(async () => {
  context = await testContext()
  context.broker.createTopic('cpu-usage')
})

/** A line whose time is so many milliseconds after this moment of 2017. */
const T = 1_509_009_792_000
const sample = (afterMs: number, cpu: number | string = 1) => `${T + afterMs},${cpu}`

async function csv(...lines: readonly string[]): Promise<string> {
  const file = join(context.folder, 'cpu.csv')
  await writeFile(file, lines.join('\n'))
  return file
}

/** Stands for the path of a file that can be sent. */
const FILE = 'cpu.csv'

const sent = () => context.broker.values('cpu-usage')

describe('produce', () => {
  it.each([
    ['nothing to send', [], {}],
    ['a file and --live', [FILE], { live: true }],
    ['--live and --now', [], { live: true, now: true }],
    ['--seconds without --live', [FILE], { seconds: 3 }],
    ['a missing file', ['/no/such/file.csv'], {}],
    ['a folder', ['/'], {}],
  ])('refuses %s before it does anything else', async (_, args, flags) => {
    const untouched = { ...context, select: expect.fail, config: expect.fail }
    const file = await csv(sample(0))
    const given = args.map((arg) => (arg === FILE ? file : arg))
    await expect(run(untouched, given, flags)).rejects.toMatchObject({ code: 'USAGE', exitCode: 2 })
    expect(context.broker.requests).toEqual([])
  })

  it('sends each line of a file as one record with the key of this machine', async () => {
    await run(context, [await csv(sample(0, 14.5), sample(50, 15))], {})
    expect(sent()).toEqual([sample(0, 14.5), sample(50, 15)])
    expect(context.broker.records('cpu-usage').map(({ key }) => String(key))).toEqual([
      hostname(),
      hostname(),
    ])
    expect(context.output.results).toEqual([expect.stringMatching(/\b2\b.*cpu-usage/)])
    expect(context.output.warnings).toEqual([])
  })

  it('reads standard input', async () => {
    standardInput(`${sample(0)}\n`, { isTTY: false })
    await run(context, ['-'], { key: 'rack-7' })
    expect(sent()).toEqual([sample(0)])
    expect(String(context.broker.records('cpu-usage')[0]?.key)).toBe('rack-7')
  })

  it('explains how to end typed input', async () => {
    standardInput(`${sample(0)}\n`, { isTTY: true })
    await run(context, ['-'], {})
    expect(context.output.notes[0]).toContain('Ctrl-D')
  })

  it('puts --batch samples into a record', async () => {
    await run(context, [await csv(sample(1), sample(2), sample(3))], { batch: 2, json: true })
    expect(sent()).toEqual([`${sample(1)}\n${sample(2)}`, sample(3)])
    expect(context.output.values).toEqual([expect.objectContaining({ acknowledged: 3, records: 2 })])
  })

  it('does not send the header, and notes that', async () => {
    await run(context, [await csv('time_millis,cpu', sample(0))], {})
    expect(sent()).toEqual([sample(0)])
    expect(context.output.notes[0]).toContain('time_millis,cpu')
  })

  it('warns of lines that are not samples, and then sends them', async () => {
    context.broker.onRequest = (request) => {
      if (request === 'produce') expect(context.output.warnings).toHaveLength(1)
    }
    await run(context, [await csv(sample(0), `n/a\u001b[2J${'x'.repeat(80)}`, 'too')], {})
    expect(sent()).toHaveLength(3)
    expect(context.output.warnings).toEqual([expect.stringMatching(/\b2\b.*n\/a.*x1b\[2J/)])
    expect(context.output.warnings.join().includes('x'.repeat(61))).toBe(false)
  })

  it.each([
    ['of a clean file', [sample(0)], { header: false, unlike_samples: 0 }],
    [
      'of one with a header and a stray line',
      ['time_millis,cpu', 'n/a', sample(0)],
      { header: true, unlike_samples: 1 },
    ],
  ])('prints with --json what was sent %s', async (_, lines, expected) => {
    await run(context, [await csv(...lines)], { json: true })
    expect(context.output.values).toEqual([
      { acknowledged: sent().length, records: sent().length, samples_per_s: expect.any(Number), ...expected },
    ])
    expect(context.output.results).toEqual([])
  })

  it('with --now, shifts a whole file so that its newest sample has the present time', async () => {
    const before = Date.now()
    await run(context, [await csv(sample(1_000), sample(3_000), sample(2_000))], { now: true })
    const times = sent().map((value) => Number(value.split(',')[0]))
    expect(times.map((time) => time - (times[0] ?? 0))).toEqual([0, 2_000, 1_000])
    expect(times[1]).toBeGreaterThanOrEqual(before)
    expect(times[1]).toBeLessThanOrEqual(Date.now())
  })

  it('with --now, shifts what comes from a pipe like a file', async () => {
    standardInput(`${sample(1_000)}\n${sample(61_000)}\n`, { isTTY: false })
    const before = Date.now()
    await run(context, ['-'], { now: true })
    const [first = 0, second = 0] = sent().map((value) => Number(value.split(',')[0]))
    expect(second - first).toBe(60_000)
    expect(second).toBeGreaterThanOrEqual(before)
    expect(second).toBeLessThanOrEqual(Date.now())
  })

  it('with --now and --rate, gives each sample the time at which it is sent', async () => {
    const before = Date.now()
    await run(context, [await csv(sample(60_000), sample(0))], { now: true, rate: 1_000_000 })
    for (const value of sent()) expect(Number(value.split(',')[0])).toBeGreaterThanOrEqual(before)
  })

  it.each([
    ['seconds', '1509009792,10', '1509009852,11'],
    ['microseconds', '1509009792000000,10', '1509009852000000,11'],
  ])('converts times in %s, and says so', async (unit, ...lines) => {
    await run(context, [await csv(...lines)], {})
    expect(sent()).toEqual([sample(0, 10), sample(60_000, 11)])
    expect(context.output.notes[0]).toContain(unit)
  })

  it.each([
    ['no line is a sample', ['1,12.5', '2,13.5'], {}, /line 1, column 1/],
    ['there is only a header', ['time_millis,cpu'], { now: true }, /only a header/],
    ['it is not sorted', [sample(60_000), sample(0)], {}, /not sorted by time: line 2/],
    ['it is all in the future', [`${Date.now() + 3_600_000},1`], {}, /in the future/],
  ])('sends nothing of a file if %s, unless --anyway is set', async (_, lines, flags, message) => {
    const file = await csv(...lines)
    await expect(run(context, [file], flags)).rejects.toMatchObject({
      code: 'USAGE',
      exitCode: 2,
      message: expect.stringMatching(message),
    })
    expect(sent()).toEqual([])
    await run(context, [file], { ...flags, anyway: true })
    expect(context.output.warnings).toEqual([expect.stringMatching(message)])
  })

  it('refuses a pipe in which no line is a sample', async () => {
    standardInput('1,12.5\n', { isTTY: false })
    await expect(run(context, ['-'], { now: true })).rejects.toMatchObject({ code: 'USAGE' })
    expect(sent()).toEqual([])
  })

  it('with --sort, sends the samples in the order of their times', async () => {
    await run(context, [await csv('time,cpu', sample(60_000), sample(0), sample(30_000))], { sort: true })
    expect(sent()).toEqual([sample(0), sample(30_000), sample(60_000)])
    expect(context.output.warnings).toEqual([])
  })

  it('refuses a key that makes every sample a dead letter', async () => {
    context = await testContext({ settings: { GROUP_BY: 'key' } })
    const flags = { key: 'x'.repeat(1_025) }
    await expect(run(context, [await csv(sample(0))], flags)).rejects.toMatchObject({ code: 'USAGE' })
  })

  it('is not faster than --rate', async () => {
    const file = await csv(...Array.from({ length: 21 }, (_, index) => sample(index)))
    useVirtualTime()
    const startedAt = Date.now()
    await run(context, [file], { rate: 10 })
    expect(sent()).toHaveLength(21)
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(2_000)
  })

  it("with --live, samples this machine's own CPU at --rate, for --seconds", async () => {
    useVirtualTime()
    await run(context, [], { live: true, seconds: 2, rate: 10 })
    expect(sent()).toHaveLength(20)
    for (const value of sent()) expect(value).toMatch(/^\d{13},25\.00$/)
  })

  it('with a file, completes only the request in flight after Ctrl-C', async () => {
    context.broker.onRequest = (request) => {
      if (request === 'produce') context.interrupt()
    }
    await run(context, [await csv(...Array.from({ length: 1_500 }, (_, index) => sample(index)))], {
      json: true,
    })
    expect(context.output.values).toEqual([expect.objectContaining({ acknowledged: 700 })])
  })

  it('with --live, continues until Ctrl-C', async () => {
    useVirtualTime()
    context.broker.onRequest = () => {
      if (sent().length === 5) context.interrupt()
    }
    await run(context, [], { live: true })
    expect(sent()).toHaveLength(6)
  })

  it('names the existing topics when the input topic is missing', async () => {
    context.broker.topics.delete('cpu-usage')
    context.broker.createTopic('orders')
    await expect(run(context, [await csv(sample(0))], {})).rejects.toMatchObject({
      code: 'NO_SUCH_TOPIC',
      hint: expect.stringContaining('orders'),
    })
  })
})

it("sends nothing to another folder's broker", async () => {
  context.runtime.clusterIdNow = 'of this folder'
  await expect(run(context, [await csv('1700000000000,10')], {})).rejects.toMatchObject({
    code: 'OTHER_FOLDER',
  })
  expect(sent()).toEqual([])
})

/** A job that reads this topic, with this watermark. */
function runJob({ watermarkMs = 0, read = 0, late = 0, end = 0 } = {}): void {
  context.runtime.driverNow = driverIn('running')
  const { files } = context.runtime.checkpoint
  files.set('cpu-anomaly-manifest.json', JSON.stringify({ INPUT_TOPIC: 'cpu-usage' }))
  files.set('cpu-anomaly-ledger.json', JSON.stringify({ batch: 0, read, dead_lettered: 0, late }))
  files.set('offsets/0', `v1\n{"batchWatermarkMs":${watermarkMs}}\n{"cpu-usage":{"0":${end}}}`)
}

describe('produce beside a job', () => {
  it('says where the samples wait if no job runs', async () => {
    await run(context, [await csv(sample(0))], {})
    expect(context.output.notes).toEqual([expect.stringMatching(/cpu-usage.*cpu-anomaly submit/)])
  })

  it.each([
    ['runs', () => undefined],
    ['is stopped', () => (context.runtime.driverNow = driverIn('stopped'))],
  ])('refuses a file that is all behind the watermark of a job that %s', async (_, change) => {
    runJob({ watermarkMs: Date.now() - 11_000 })
    change()
    await expect(run(context, [await csv(sample(0), sample(1))], {})).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/^2 of 2 samples would be late/),
      hint: expect.stringMatching(/--now(.|\n)*--new-checkpoint/),
    })
    expect(sent()).toEqual([])
  })

  it('warns before it sends a file that is partly behind the watermark', async () => {
    runJob({ watermarkMs: T })
    await run(context, [await csv(sample(0), sample(500))], {})
    expect(context.output.warnings).toEqual([
      expect.stringMatching(/^1 of 2 samples would be late(.|\n)*--now/),
    ])
    expect(sent()).toHaveLength(2)
  })

  it('warns of a file that is older than the last sample of the topic', async () => {
    runJob()
    context.broker.append('cpu-usage', { value: sample(60_000) })
    await run(context, [await csv(sample(0))], {})
    expect(context.output.warnings).toEqual([expect.stringMatching(/^1 of 1 samples are older than/)])
  })

  it('warns that live samples are late while the watermark is ahead of the clock', async () => {
    useVirtualTime()
    runJob({ watermarkMs: Date.now() + 60_000 })
    await run(context, [], { live: true, seconds: 90 })
    expect(context.output.warnings).toEqual([expect.stringMatching(/ahead of this machine's clock/)])
  })

  it('ends if its clock makes all live samples dead letters, and warns of a smaller difference', async () => {
    context.broker.createTopic('cpu-usage', 1, { 'message.timestamp.type': 'LogAppendTime' })
    useVirtualTime()
    context.broker.clockAheadMs = -600_000
    await expect(run(context, [], { live: true })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/clock is 10 min ahead of the broker's/),
    })
    context.broker.clockAheadMs = 120_000
    await run(context, [], { live: true, seconds: 1 })
    expect(context.output.warnings).toEqual([expect.stringMatching(/clock is 2 min behind the broker's/)])
  })

  it('does not compare the clocks for samples that have their own times', async () => {
    context.broker.createTopic('cpu-usage', 1, { 'message.timestamp.type': 'LogAppendTime' })
    context.broker.clockAheadMs = -600_000
    await run(context, [await csv(sample(0))], {})
    expect(context.output.warnings).toEqual([])
  })
})

describe('produce --wait', () => {
  const letter = { reason: 'field_count', topic: 'cpu-usage', partition: 0, offset: 1 }
  beforeEach(() => {
    context.broker.createTopic('cpu-usage.dead-letter')
    runJob({ read: 50, late: 2 })
  })

  /** The job accounts for what is sent as soon as it is sent. */
  const accountWhenSent = (read: number, late: number, letters: readonly object[]) => {
    context.broker.onRequest = (request) => {
      if (request !== 'produce') return
      runJob({ read, late, end: 3 })
      for (const one of letters)
        context.broker.append('cpu-usage.dead-letter', {
          key: JSON.stringify(one),
          value: JSON.stringify(one),
        })
    }
  }

  it('says what became of the samples', async () => {
    accountWhenSent(53, 3, [letter])
    await run(context, [await csv(sample(0), 'n/a', sample(1))], { wait: true })
    expect(context.output.results[1]).toBe('1 counted, 1 late, 1 dead letter (field_count 1)')
  })

  it('prints that as JSON', async () => {
    accountWhenSent(53, 2, [])
    await run(context, [await csv(sample(0), sample(1), sample(2))], { wait: true, json: true })
    expect(context.output.values).toEqual([
      expect.objectContaining({ acknowledged: 3 }),
      { counted: 3, late: 0, dead_letters: {}, others: 0 },
    ])
  })

  it('fails if none of them counted', async () => {
    accountWhenSent(53, 5, [])
    await expect(
      run(context, [await csv(sample(0), sample(1), sample(2))], { wait: true }),
    ).rejects.toMatchObject({
      code: 'NOTHING_COUNTED',
      exitCode: 1,
      message: expect.stringContaining('3 late'),
    })
  })

  it('is refused if no job runs', async () => {
    context.runtime.driverNow = undefined
    await expect(run(context, [await csv(sample(0))], { wait: true })).rejects.toMatchObject({
      code: 'NOT_STARTED',
    })
    expect(sent()).toEqual([])
  })
})

import { writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type TestContext, testContext } from '../cli/command.fixture.ts'
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
    const file = await csv('1000,14.5')
    const given = args.map((arg) => (arg === FILE ? file : arg))
    await expect(run(untouched, given, flags)).rejects.toMatchObject({ code: 'USAGE', exitCode: 2 })
    expect(context.broker.requests).toEqual([])
  })

  it('sends each line of a file as one record with the key of this machine', async () => {
    await run(context, [await csv('1000,14.5', '1050,15')], {})
    expect(sent()).toEqual(['1000,14.5', '1050,15'])
    expect(context.broker.records('cpu-usage').map(({ key }) => String(key))).toEqual([
      hostname(),
      hostname(),
    ])
    expect(context.output.results).toEqual([expect.stringMatching(/\b2\b.*cpu-usage/)])
    expect(context.output.warnings).toEqual([])
  })

  it('reads standard input', async () => {
    standardInput('1000,14.5\n', { isTTY: false })
    await run(context, ['-'], { key: 'rack-7' })
    expect(sent()).toEqual(['1000,14.5'])
    expect(String(context.broker.records('cpu-usage')[0]?.key)).toBe('rack-7')
    expect(context.output.notes).toEqual([])
  })

  it('explains how to end typed input', async () => {
    standardInput('1000,14.5\n', { isTTY: true })
    await run(context, ['-'], {})
    expect(context.output.notes).toEqual([expect.stringContaining('Ctrl-D')])
  })

  it('puts --batch samples into a record', async () => {
    await run(context, [await csv('1,1', '2,2', '3,3')], { batch: 2, json: true })
    expect(sent()).toEqual(['1,1\n2,2', '3,3'])
    expect(context.output.values).toEqual([expect.objectContaining({ acknowledged: 3, records: 2 })])
  })

  it('does not send the header, and notes that', async () => {
    await run(context, [await csv('time_millis,cpu', '1000,14.5')], {})
    expect(sent()).toEqual(['1000,14.5'])
    expect(context.output.notes).toEqual([expect.stringContaining('time_millis,cpu')])
  })

  it('sends lines that are not samples, and warns once', async () => {
    await run(context, [await csv('1000,14.5', `n/a\u001b[2J${'x'.repeat(80)}`, 'too')], {})
    expect(sent()).toHaveLength(3)
    expect(context.output.warnings).toEqual([expect.stringMatching(/\b2\b.*n\/a.*x1b\[2J/)])
    expect(context.output.warnings.join().includes('x'.repeat(61))).toBe(false)
  })

  it.each([
    ['of a clean file', ['1000,14.5'], { header: false, unlike_samples: 0 }],
    [
      'of one with a header and a stray line',
      ['time_millis,cpu', 'n/a', '1,1'],
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
    await run(context, [await csv('1000,1', '3000,3', '2000,2')], { now: true })
    const times = sent().map((value) => Number(value.split(',')[0]))
    expect(times.map((time) => time - (times[0] ?? 0))).toEqual([0, 2_000, 1_000])
    expect(times[1]).toBeGreaterThanOrEqual(before)
    expect(times[1]).toBeLessThanOrEqual(Date.now())
  })

  it.each([
    ['is paced', async () => [[await csv('1000,1', '2000,2')], { now: true, rate: 1_000_000 }] as const],
    [
      'comes from a pipe',
      async () => {
        standardInput('1000,1\n2000,2\n', { isTTY: false })
        return [['-'], { now: true }] as const
      },
    ],
  ])('with --now, gives each sample the time at which it is sent when the input %s', async (_, prepare) => {
    const before = Date.now()
    const [args, flags] = await prepare()
    await run(context, args, flags)
    for (const value of sent()) expect(Number(value.split(',')[0])).toBeGreaterThanOrEqual(before)
  })

  it('accepts a file with only a header with --now, although it has no newest sample', async () => {
    await run(context, [await csv('time_millis,cpu')], { now: true, json: true })
    expect(context.output.values).toEqual([expect.objectContaining({ acknowledged: 0, header: true })])
  })

  it('is not faster than --rate', async () => {
    const file = await csv(...Array.from({ length: 21 }, (_, index) => `${index},1`))
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
    await run(context, [await csv(...Array.from({ length: 1_500 }, (_, index) => `${index},1`))], {
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
    await expect(run(context, [await csv('1000,14.5')], {})).rejects.toMatchObject({
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

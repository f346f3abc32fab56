import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type TestContext, testContext } from '../cli/command.fixture.ts'
import { standardInput } from '../terminal/stdin.fixture.ts'
import { csv, runJob, sample, sent, T } from './produce.fixture.ts'
import { run } from './produce.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))

let context: TestContext
beforeEach(async () => {
  context = await testContext()
  context.broker.createTopic('cpu-usage')
})

const HOSTS = [
  'time;host;usage',
  '2017-10-26 09:23:12;web-1;10,5',
  '2017-10-26 09:23:12;web-2;70,5',
  '2017-10-26 09:23:13;web-1;11',
]
const keys = () => context.broker.records('cpu-usage').map(({ key, value }) => `${key} ${value}`)

/** A project whose job computes each key by itself, with a topic of so many partitions. */
async function groupByKey(partitions = 1): Promise<void> {
  context = await testContext({ settings: { GROUP_BY: 'key' } })
  context.broker.createTopic('cpu-usage', partitions)
}

describe('produce of a table', () => {
  it('sends its samples, and says what it took for what', async () => {
    await run(context, [await csv(context, ...HOSTS.filter((line) => !line.includes('web-2')))], {})
    expect(sent(context)).toEqual([sample(0, '10.5'), sample(1_000, 11)])
    expect(context.output.notes[0]).toMatch(
      /cpu\.csv: semicolon-separated; time = .*; cpu = .*; series = .*; 2 samples$/,
    )
    expect(context.output.warnings).toEqual([])
  })

  it('reads one from standard input', async () => {
    standardInput(`${HOSTS.join('\r\n')}\r\n`, { isTTY: false })
    await run(context, ['-'], {})
    expect(sent(context)).toHaveLength(3)
  })

  it('takes the columns that it is told, also of lines time_millis,cpu', async () => {
    await run(context, [await csv(context, sample(0, 90))], { from: 'idle' })
    await run(context, [await csv(context, 'timestamp,idle', sample(0, 80))], {})
    expect(sent(context)).toEqual([sample(0, 10), sample(0, 20)])
  })

  it('says how many series it mixes into one', async () => {
    await run(context, [await csv(context, ...HOSTS)], { key: 'all' })
    expect(keys()).toEqual([`all ${sample(0, 10.5)}`, `all ${sample(0, 70.5)}`, `all ${sample(1_000, 11)}`])
    expect(context.output.warnings).toEqual([
      expect.stringMatching(/the 2 series of column 2 "host" are mixed into one\n.*GROUP_BY=key.*--series/),
    ])
  })

  it.each([1, 5])(
    'with GROUP_BY=key, makes each series the key of its records: %i partitions',
    async (partitions) => {
      await groupByKey(partitions)
      await run(context, [await csv(context, ...HOSTS)], { batch: 2 })
      expect(keys().toSorted()).toEqual([
        `web-1 ${sample(0, 10.5)}`,
        `web-1 ${sample(1_000, 11)}`,
        `web-2 ${sample(0, 70.5)}`,
      ])
      expect(context.output.warnings).toEqual([])
    },
  )

  it('makes the series of --series keys, and says if the job computes them together', async () => {
    await run(context, [await csv(context, ...HOSTS)], { series: 'host' })
    expect(keys()[1]).toBe(`web-2 ${sample(0, 70.5)}`)
    expect(context.output.warnings).toEqual([expect.stringMatching(/computes them together/)])
  })

  it('sends one that begins with its newest sample in the order of time', async () => {
    const lines = ['Timestamp,Average', '2017-10-26T09:33:12Z,2', '2017-10-26T09:23:12Z,1']
    await run(context, [await csv(context, ...lines)], {})
    expect(sent(context)).toEqual([sample(0, 1), sample(600_000, 2)])
    expect(context.output.notes[0]).toMatch(/the newest first; sent in the order of their times/)
  })

  it('names the line of the file in what it says', async () => {
    const lines = [
      '# a comment',
      '',
      'time,cpu',
      '2017-10-26T09:33:12Z,2',
      '2017-10-26T09:33:13Z,',
      '2017-10-26T09:23:12Z,1',
      '2017-10-26T09:34:12Z,1',
    ]
    await expect(run(context, [await csv(context, ...lines)], {})).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/not sorted by time: line 6 is 10 min older/),
    })
    await run(context, [await csv(context, ...lines)], { sort: true, now: true })
    expect(sent(context)).toHaveLength(3)
  })

  it('judges it by the job that reads the topic, as any other file', async () => {
    runJob(context, { watermarkMs: T + 60_000 })
    await expect(run(context, [await csv(context, ...HOSTS)], {})).rejects.toMatchObject({
      message: expect.stringMatching(/^3 of 3 samples would be late/),
    })
  })

  it.each([
    ['without a time', ['index,percent', '0,24', '1,23']],
    ['with several columns that fit', ['time,cpu_usage,cpu_percent', '2017-10-26T09:33:12Z,2,3']],
  ])('refuses one %s before it sends anything', async (_, lines) => {
    await expect(run(context, [await csv(context, ...lines)], {})).rejects.toMatchObject({
      code: 'USAGE',
      exitCode: 2,
      hint: expect.stringMatching(/--(time|cpu)/),
    })
    expect(sent(context)).toEqual([])
  })
})

describe('produce --raw', () => {
  it('sends each line as it is, and counts lines', async () => {
    const lines = ['{"time":1,"cpu":2}', 'cpu,host=a usage_active=5 1568760922000000000']
    await run(context, [await csv(context, ...lines)], { raw: true })
    expect(sent(context)).toEqual(lines)
    expect(context.output.results).toEqual([expect.stringMatching(/^2 lines sent .*lines\/s/)])
  })

  it.each([{ now: true }, { sort: true }, { batch: 2 }, { cpu: '2' }])(
    'refuses flags that need samples: %j',
    async (flags) => {
      await expect(run(context, [await csv(context, 'x')], { raw: true, ...flags })).rejects.toMatchObject({
        code: 'USAGE',
      })
    },
  )
})

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { calibrationOf } from '../calibrate/calibration.fixture.ts'
import type { Batch } from '../calibrate/spark-batch.ts'
import { type TestContext, testContext } from '../cli/command.fixture.ts'
import { run } from './calibrate.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))

// What needs a real Spark.
const spark = vi.hoisted(() => ({ batches: [] as Batch[] }))
vi.mock('../calibrate/spark-here.ts', () => ({ sparkHere: async () => undefined }))
vi.mock('../calibrate/spark-batch.ts', () => ({
  runSparkBatch: async (batch: Batch) => {
    spark.batches.push(batch)
    return calibrationOf()
  },
}))

let context: TestContext
beforeEach(async () => {
  spark.batches = []
  context = await testContext()
  context.broker.createTopic('cpu-usage')
  context.runtime.clusterId = async () => context.broker.clusterId
})

const withSample = () => context.broker.append('cpu-usage', { value: '1700000000000,14.5' })

describe('calibrate', () => {
  it.each<[string, readonly string[], object, RegExp]>([
    ['an empty topic', [], {}, /cpu-usage is empty/],
    ['a topic that does not exist', ['no-such-topic'], {}, /no-such-topic/],
    ['a file that does not exist', ['missing.csv'], {}, /no file missing\.csv/],
    ['a folder', ['/'], {}, /is a folder/],
    ['an unknown time zone', [], { by: ['hour-of-week'], timezone: 'Mars' }, /Mars/],
    ['a bad range', [], { exclude: ['x..y'] }, /FROM\.\.TO/],
    ['series without keys', [], { by: ['key'] }, /GROUP_BY=key/],
    ['a check that would write', [], { check: true, write: true }, /contradict/],
    ['a check of a file', [join('/', 'etc', 'passwd')], { check: true }, /--check compares/],
  ])('refuses %s before it starts Spark', async (_, args, flags, message) => {
    await expect(run(context, args, flags)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/./),
    })
    expect(spark.batches).toEqual([])
  })

  it('refuses to write what a flag would override', async () => {
    withSample()
    const overridden = context.withSettings(['NORMAL_MEAN=1'])
    await expect(run(overridden, [], { write: true })).rejects.toThrow('--set NORMAL_MEAN overrides .env')
    expect(spark.batches).toEqual([])
  })

  it('shows the pair to take, and writes it only if asked to', async () => {
    withSample()
    await run(context, [], {})
    expect(context.output.results.join('\n')).toContain('Take robust (NORMAL_MEAN=14.84')
    expect(context.output.results.join('\n')).not.toContain('->')
    await run(context, [], { write: true, json: true })
    expect(context.output.values.at(-1)).toMatchObject({
      calibrate: 'written',
      lines: ['.env: NORMAL_MEAN 14.5 -> 14.84', '.env: NORMAL_STDDEV 2.7 -> 3.14'],
    })
    expect(spark.batches.map(({ topic, request }) => [topic, request.file])).toEqual([
      ['cpu-usage', null],
      ['cpu-usage', null],
    ])
  })

  it('reads a file without a broker', async () => {
    context.broker.isUp = false
    const file = join(context.folder, 'samples.csv')
    await writeFile(file, '"time_millis","cpu"\n1700000000000,14.5\n')
    await run(context, [file], {})
    expect(spark.batches[0]?.request.file).toBe(file)
    await writeFile(file, 'date;usage\n')
    await expect(run(context, [file], {})).rejects.toThrow('cannot read samples from')
    expect(spark.batches).toHaveLength(1)
  })

  it('reads a table as produce does, by the columns that are told', async () => {
    const file = join(context.folder, 'table.csv')
    await writeFile(file, 'host;when;busy\na;2026-01-31 08:00:00;12,5\nb;2026-01-31 08:00:01;13,5\n')
    await run(context, [file], { cpu: 'busy', timezone: 'Europe/Berlin' })
    const [batch] = spark.batches
    expect(batch?.request.timezone).toBe('Europe/Berlin')
    expect(batch?.table).toMatchObject({ count: 2, series: { count: 2 } })
    expect(context.output.notes.join()).toContain('Europe/Berlin')
  })

  it('takes a header of idle time at its word, as produce does', async () => {
    const file = join(context.folder, 'idle.csv')
    await writeFile(file, 'time_millis,idle\n1700000000000,85.5\n')
    await run(context, [file], {})
    expect(spark.batches[0]?.table).toBeDefined()
    expect(context.output.notes.join()).toContain('100 -')
  })

  it('refuses a time zone in which nothing is', async () => {
    await expect(run(context, [], { timezone: 'UTC' })).rejects.toThrow('--by hour-of-week')
  })

  it('refuses columns of a topic', async () => {
    await expect(run(context, [], { cpu: 'busy' })).rejects.toThrow('are about columns of a file')
  })
})

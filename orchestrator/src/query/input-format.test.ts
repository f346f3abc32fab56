import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { type TestContext, testContext } from '../cli/command.fixture.ts'
import { submit } from './submit.fixture.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))

const INFLUX = 'cpu,cpu=cpu-total,host=a usage_idle=80 1568760922000000000'
const SAMPLE = '1700000000123,12.5'
const MANIFEST = 'cpu-anomaly-manifest.json'

/** INPUT_FORMAT=auto, and a topic with these values, in two partitions. */
async function withRecords(...values: readonly string[]): Promise<TestContext> {
  const context = await testContext({ settings: { INPUT_FORMAT: 'auto' } })
  context.broker.createTopic('cpu-usage', 2)
  values.forEach((value, index) => void context.broker.append('cpu-usage', { value, partition: index % 2 }))
  return context
}

const jobText = ({ runtime }: TestContext, index = 0) => runtime.submissions[index]?.files[0]?.text
const fixedFormat = ({ runtime }: TestContext) =>
  JSON.parse(runtime.checkpoint.files.get(MANIFEST) ?? '{}').INPUT_FORMAT

describe('submit with INPUT_FORMAT=auto', () => {
  it('says what it found, passes it on and fixes it', async () => {
    const context = await withRecords(INFLUX, INFLUX, INFLUX)
    await submit(context)
    expect(context.output.notes).toContainEqual(
      expect.stringMatching(/^Format: telegraf \(influx line protocol\): 3 of 3 records; .* 1 series$/),
    )
    expect(jobText(context)).toMatch(/input_format\W+telegraf/)
    expect(fixedFormat(context)).toBe('telegraf')
    const query = await readFile(join(context.folder, 'storage', 'run', 'query.json'), 'utf8')
    expect(JSON.parse(query).settings).toMatchObject({ INPUT_FORMAT: 'telegraf' })
  })

  it.each([
    ['an empty topic', [], /no records yet/, /INPUT_FORMAT/],
    ['two formats', [INFLUX, SAMPLE], /telegraf .*csv/, /INPUT_FORMAT=(telegraf|csv) or/],
    ['JSON in no known shape', ['{"cpu":1.5,"ts":1700000000}'], /no known shape/, /INPUT_CPU=\$\.cpu/],
  ])('refuses %s before anything is started', async (_, values, message, hint) => {
    const context = await withRecords(...values)
    await expect(submit(context)).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    })
    expect(context.journal).toEqual([])
  })

  it('refuses a topic that is not there, without creating it', async () => {
    const context = await testContext({ settings: { INPUT_FORMAT: 'auto' } })
    await expect(submit(context)).rejects.toMatchObject({ code: 'CONFIGURATION' })
    expect(context.journal).toEqual([])
  })

  it('needs a broker', async () => {
    const context = await withRecords(INFLUX)
    context.runtime.clusterIdNow = undefined
    await expect(submit(context)).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE' })
  })
})

describe('a later submit with INPUT_FORMAT=auto', () => {
  /** Submitted once with Telegraf's records; since then the topic has csv only. */
  async function submittedOnce(): Promise<TestContext> {
    const context = await withRecords(INFLUX)
    await context.start()
    await submit(context)
    context.runtime.checkpoint.isCommitted = true
    context.runtime.driverNow = undefined
    context.broker.createTopic('cpu-usage').append('cpu-usage', { value: SAMPLE })
    return context
  }

  it('keeps the format of the checkpoint', async () => {
    const context = await submittedOnce()
    await submit(context)
    expect(jobText(context, 1)).toMatch(/input_format\W+telegraf/)
    expect(context.output.notes).toContainEqual(expect.stringMatching(/^Format: telegraf .*checkpoint/))
  })

  it('looks again for a new checkpoint', async () => {
    const context = await submittedOnce()
    await submit(context, { newCheckpoint: true })
    expect(fixedFormat(context)).toBe('csv')
  })

  it('is refused with another format that is named', async () => {
    const context = await submittedOnce()
    await expect(submit(context, { settings: ['INPUT_FORMAT=csv'] })).rejects.toMatchObject({
      code: 'CHECKPOINT_CONFLICT',
      details: ['INPUT_FORMAT: was telegraf, is now csv'],
    })
  })

  it('counts a checkpoint of a version without formats as csv', async () => {
    const context = await submittedOnce()
    const { INPUT_FORMAT: _, ...before } = JSON.parse(context.runtime.checkpoint.files.get(MANIFEST) ?? '')
    context.runtime.checkpoint.files.set(MANIFEST, JSON.stringify(before))
    await submit(context)
    expect(jobText(context, 1)).toMatch(/input_format\W+csv/)
  })
})

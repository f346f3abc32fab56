import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { isThere, type TestContext, testContext } from '../cli/command.fixture.ts'
import { driverIn } from '../runtime/runtime.fixture.ts'
import { submit } from './submit.fixture.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))

describe('a submit beside earlier results in the output topic', () => {
  const result = (seconds: number, series = '') => ({
    value: JSON.stringify({
      window: { start: '2026-01-01T00:00:00.000Z', end: `2026-01-01T00:00:00.${seconds * 1_000}Z` },
      mean: 1,
      stddev: null,
      count: 1,
      status: 'SAFE',
      score: 0,
      series,
    }),
  })

  const steps = ({ journal }: TestContext) => journal.filter((step) => !step.startsWith('create topic'))

  const refusal = (...changes: readonly RegExp[]) => ({
    code: 'CONFIGURATION',
    message: expect.stringMatching(/OUTPUT_TOPIC=anomaly/),
    details: changes.map((change) => expect.stringMatching(change)),
  })

  it.each([
    ['of another length', result(0.25), /WINDOW_DURATION: was 250 milliseconds, is now 500 milliseconds/],
    ['of several series', result(0.5, 'host'), /GROUP_BY: was key, is now none/],
  ])(
    'refuses a new checkpoint beside windows %s, and leaves everything as it is',
    async (_, record, change) => {
      const context = await testContext()
      context.runtime.checkpoint.isCommitted = true
      context.broker.createTopic('anomaly').append('anomaly', record, { value: 'not a result' })
      await expect(submit(context, { newCheckpoint: true })).rejects.toMatchObject(refusal(change))
      expect(steps(context)).toEqual([])
      expect(context.runtime.submissions).toEqual([])
      expect(await isThere(join(context.folder, 'storage', 'results.json'))).toBe(false)
    },
  )

  /** A job that was submitted with these settings has ended, and its output topic holds a result. */
  async function withResults(...submits: readonly (readonly string[])[]): Promise<TestContext> {
    const context = await testContext()
    await context.start()
    for (const settings of submits) {
      await submit(context, { settings, newCheckpoint: true })
      context.runtime.driverNow = driverIn('stopped')
    }
    context.broker.append('anomaly', result(0.5))
    context.runtime.journal.length = 0
    return context
  }

  const resubmit = (context: TestContext, ...settings: readonly string[]) =>
    submit(context, { settings, newCheckpoint: true })

  it.each([
    ['series', [], 'GROUP_BY=key', /GROUP_BY: was none, is now key/],
    ['input', [], 'INPUT_TOPIC=other', /INPUT_TOPIC: was cpu-usage, is now other/],
    ['upper limit', [], 'CPU_MAX=100', /CPU_MAX: was none, is now 100/],
    ['lower limit', ['CPU_MIN=-1'], 'CPU_MIN=0', /CPU_MIN: was -1, is now 0/],
    ['delay', [], 'WATERMARK_DELAY=9999 ms', /WATERMARK_DELAY: was 10 seconds, is now 9999 ms/],
    ['skew', [], 'MAX_FUTURE_SKEW=4 minutes', /MAX_FUTURE_SKEW: was 5 minutes, is now 4 minutes/],
  ])('refuses a new checkpoint whose %s leaves windows as they were', async (_, before, now, change) => {
    const context = await withResults(before)
    await expect(resubmit(context, now)).rejects.toMatchObject(refusal(change))
    expect(steps(context)).toEqual([])
  })

  it.each([
    ['another topic', ['OUTPUT_TOPIC=other', 'CPU_MAX=100', 'GROUP_BY=key']],
    [
      'limits that let in more',
      ['CPU_MAX=200', 'CPU_MIN=-5', 'WATERMARK_DELAY=1 hour', 'MAX_FUTURE_SKEW=1 hour'],
    ],
    ['no limits', ['CPU_MAX=', 'CPU_MIN=']],
    ['the same in other words', ['CPU_MAX=1e2', 'CPU_MIN=0.0', 'WATERMARK_DELAY=10000 ms', 'GROUP_BY=NONE']],
    ['a judgement of the same windows', ['CPU_MAX=100', 'CPU_MIN=0', 'NORMAL_MEAN=20']],
    ['a beginning at the end of the input', ['STARTING_OFFSETS=latest', 'CPU_MAX=50']],
  ])('starts a new checkpoint with %s', async (_, settings) => {
    const context = await withResults(['CPU_MAX=100', 'CPU_MIN=0'])
    await resubmit(context, ...settings)
    expect(steps(context)).toContain('start driver')
  })

  it.each([
    ['wrote to another topic meanwhile', [[], ['OUTPUT_TOPIC=other', 'GROUP_BY=key']], 'GROUP_BY=key'],
    ['let in more meanwhile', [['CPU_MAX=100'], ['CPU_MAX=200']], 'CPU_MAX=150'],
    ['let in less meanwhile', [[], ['CPU_MAX=200', 'STARTING_OFFSETS=latest']], 'CPU_MAX=200'],
  ])('remembers what results were made with if a checkpoint %s', async (_, submits, now) => {
    const context = await testContext()
    await context.start()
    for (const settings of submits) {
      await resubmit(context, ...settings)
      context.runtime.driverNow = driverIn('stopped')
      if (!context.broker.values('anomaly').length) context.broker.append('anomaly', result(0.5))
    }
    await expect(resubmit(context, now)).rejects.toMatchObject({ code: 'CONFIGURATION' })
  })

  it('remembers the settings of each submit to the same checkpoint', async () => {
    const context = await withResults([])
    context.runtime.checkpoint.isCommitted = true
    await submit(context, { settings: ['CPU_MAX=100'] })
    context.runtime.driverNow = driverIn('stopped')
    await expect(resubmit(context, 'CPU_MAX=100')).rejects.toMatchObject(refusal(/CPU_MAX: was none/))
  })

  it('remembers them when the checkpoint was removed', async () => {
    const context = await withResults([])
    context.runtime.checkpoint.files.clear()
    await expect(submit(context, { settings: ['INPUT_TOPIC=other'] })).rejects.toMatchObject(
      refusal(/INPUT_TOPIC/),
    )
  })

  it('goes by the last submit in a folder of an earlier version', async () => {
    const context = await withResults([])
    await rm(join(context.folder, 'storage', 'results.json'))
    await expect(resubmit(context, 'GROUP_BY=key')).rejects.toMatchObject(refusal(/GROUP_BY/))
  })

  it('forgets them with the results', async () => {
    const context = await withResults([])
    context.broker.createTopic('anomaly')
    await resubmit(context, 'GROUP_BY=key', 'CPU_MAX=100')
    expect(steps(context)).toContain('start driver')
  })

  it('warns of windows that it cannot write again, because the input has lost its first records', async () => {
    const context = await withResults([])
    const first = Date.parse('2026-01-01T00:00:01.200Z')
    for (let index = 0; index < 160; index += 1)
      context.broker.append('cpu-usage', { value: `${first + index - 150},1` })
    context.broker.remove('cpu-usage', { begin: 150n })
    await resubmit(context)
    expect(steps(context)).toContain('start driver')
    expect(context.output.warnings).toEqual([
      expect.stringMatching(
        /first records of cpu-usage are gone \(partition 0: 150\)(.|\n)*from 2026-01-01T00:00:01.500Z on are complete(.|\n)*another OUTPUT_TOPIC/,
      ),
    ])
    context.runtime.driverNow = driverIn('stopped')
    context.broker.remove('cpu-usage', { begin: 160n })
    await resubmit(context)
    expect(context.output.warnings[1]).toMatch(/partition 0: 160(.|\n)*is not known/)
  })

  it('does not take another cluster for the one that was remembered', async () => {
    const context = await withResults([])
    context.broker.clusterId = 'cluster-2'
    await rm(join(context.folder, 'storage', 'run', 'query.json'))
    await resubmit(context, 'GROUP_BY=key')
    expect(steps(context)).toContain('start driver')
  })

  it.each([
    ['windows of the same length', result(0.5), []],
    ['the same series', result(0.5, 'host'), ['GROUP_BY=key']],
    ['records that are not results', { value: 'x' }, []],
  ])('starts beside %s', async (_, record, settings) => {
    const context = await testContext()
    context.broker.createTopic('anomaly').append('anomaly', record)
    await submit(context, { settings, newCheckpoint: true })
    expect(context.runtime.submissions).toHaveLength(1)
  })
})

import { describe, expect, it, vi } from 'vitest'
import { testContext } from '../cli/command.fixture.ts'
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

  it.each([
    ['of another length', result(0.25), [], /OUTPUT_TOPIC=anomaly.*0\.3 s windows.*WINDOW_DURATION/],
    ['of several series', result(0.5, 'host'), [], /OUTPUT_TOPIC=anomaly.*several series.*GROUP_BY/],
  ])(
    'refuses a new checkpoint beside windows %s, and leaves everything as it is',
    async (_, record, settings, message) => {
      const context = await testContext()
      context.runtime.checkpoint.isCommitted = true
      context.broker.createTopic('anomaly').append('anomaly', record, { value: 'not a result' })
      await expect(submit(context, { settings, newCheckpoint: true })).rejects.toMatchObject({
        code: 'CONFIGURATION',
        message: expect.stringMatching(message),
      })
      expect(context.journal.filter((step) => !step.startsWith('create topic'))).toEqual([])
      expect(context.runtime.submissions).toEqual([])
    },
  )

  it.each([
    ['series', ['GROUP_BY=key'], /OUTPUT_TOPIC=anomaly.*GROUP_BY=none/],
    ['input', ['INPUT_TOPIC=other'], /OUTPUT_TOPIC=anomaly.*input topic cpu-usage/],
  ])(
    'refuses a new checkpoint beside windows of another %s, as the old manifest says',
    async (_, settings, message) => {
      const context = await testContext()
      await context.start()
      await submit(context)
      context.runtime.driverNow = undefined
      context.broker.append('anomaly', result(0.5))
      const before = context.journal.length
      await expect(submit(context, { settings, newCheckpoint: true })).rejects.toMatchObject({
        code: 'CONFIGURATION',
        message: expect.stringMatching(message),
      })
      expect(context.journal.slice(before).filter((step) => !step.startsWith('create topic'))).toEqual([])
    },
  )

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

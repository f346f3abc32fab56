import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type TestContext, testContext } from '../cli/command.fixture.ts'
import { csv, runJob, sample, sent } from './produce.fixture.ts'
import { run } from './produce.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))
vi.mock('node:timers/promises', () => import('../system/virtual-time.fixture.ts'))

let context: TestContext
beforeEach(async () => {
  context = await testContext()
  context.broker.createTopic('cpu-usage')
})

describe('produce --wait', () => {
  const letter = { reason: 'field_count', topic: 'cpu-usage', partition: 0, offset: 1 }
  beforeEach(() => {
    context.broker.createTopic('cpu-usage.dead-letter')
    runJob(context, { read: 50, late: 2 })
  })

  /** The job accounts for what is sent as soon as it is sent. */
  const accountWhenSent = (read: number, late: number, letters: readonly object[]) => {
    context.broker.onRequest = (request) => {
      if (request !== 'produce') return
      runJob(context, { read, late, end: 3 })
      for (const one of letters)
        context.broker.append('cpu-usage.dead-letter', {
          key: JSON.stringify(one),
          value: JSON.stringify(one),
        })
    }
  }

  it('says what became of the samples', async () => {
    accountWhenSent(53, 3, [letter])
    await run(context, [await csv(context, sample(0), 'n/a', sample(1))], { wait: true })
    expect(context.output.results[1]).toBe('1 counted, 1 late, 1 dead letter (field_count 1)')
  })

  it('prints that as JSON', async () => {
    accountWhenSent(53, 2, [])
    await run(context, [await csv(context, sample(0), sample(1), sample(2))], { wait: true, json: true })
    expect(context.output.values).toEqual([
      expect.objectContaining({ acknowledged: 3 }),
      { skipped: 0, counted: 3, late: 0, dead_letters: {}, others: 0 },
    ])
  })

  it('fails if none of them counted', async () => {
    accountWhenSent(53, 5, [])
    await expect(
      run(context, [await csv(context, sample(0), sample(1), sample(2))], { wait: true }),
    ).rejects.toMatchObject({
      code: 'NOTHING_COUNTED',
      exitCode: 1,
      message: expect.stringContaining('3 late'),
    })
  })

  it('does not take the late samples of others for its own', async () => {
    accountWhenSent(10_053, 10_002, [])
    await run(context, [await csv(context, sample(0), sample(1), sample(2))], { wait: true })
    expect(context.output.results[1]).toMatch(/^at least 0 counted, at most 3 late.*10000 lines/)
  })

  it('fails if none of them counted, whatever the others sent', async () => {
    accountWhenSent(54, 6, [])
    await expect(
      run(context, [await csv(context, sample(0), sample(1), sample(2))], { wait: true }),
    ).rejects.toMatchObject({ code: 'NOTHING_COUNTED' })
  })

  it('does not count what was in the topic before as sent by others', async () => {
    for (let index = 0; index < 40; index += 1) context.broker.append('cpu-usage', { value: sample(index) })
    const accounts = [() => runJob(context, { read: 90, late: 42, end: 40 })]
    accounts.push(() => runJob(context, { read: 93, late: 43, end: 43 }))
    const driver = context.runtime.driver
    context.runtime.driver = async () => {
      if (sent(context).length > 40) accounts.shift()?.()
      return driver.call(context.runtime)
    }
    await run(context, [await csv(context, sample(0), sample(1), sample(2))], { wait: true })
    expect(context.output.results[1]).toBe('2 counted, 1 late, 0 dead letters')
  })

  it('fails if a job that was starting began to read behind them', async () => {
    context = await testContext({ settings: { STARTING_OFFSETS: 'latest' } })
    context.broker.createTopic('cpu-usage').createTopic('cpu-usage.dead-letter')
    runJob(context)
    const { files } = context.runtime.checkpoint
    for (const file of ['cpu-anomaly-ledger.json', 'offsets/0', 'sources/0/0']) files.delete(file)
    context.broker.onRequest = (request) => {
      if (request !== 'produce') return
      runJob(context, { read: 1, end: 4 })
      files.set('sources/0/0', '\0v1\n{"cpu-usage":{"0":3}}')
    }
    await expect(
      run(context, [await csv(context, sample(0), sample(1), sample(2))], { wait: true }),
    ).rejects.toMatchObject({
      code: 'NOTHING_COUNTED',
      message: expect.stringContaining('3 skipped, 0 counted'),
      hint: expect.stringContaining('STARTING_OFFSETS=latest'),
    })
  })

  it('is refused if no job runs', async () => {
    context.runtime.driverNow = undefined
    await expect(run(context, [await csv(context, sample(0))], { wait: true })).rejects.toMatchObject({
      code: 'NOT_STARTED',
    })
    expect(sent(context)).toEqual([])
  })
})

import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type TestContext, testContext } from '../cli/command.fixture.ts'
import { topicChecks } from './topic-checks.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))

const BY_BROKER = {
  'message.timestamp.type': 'LogAppendTime',
  'cleanup.policy': 'delete',
  'retention.ms': '604800000',
}
const BY_PRODUCER = { ...BY_BROKER, 'message.timestamp.type': 'CreateTime' }

let context: TestContext
beforeEach(async () => {
  context = await testContext()
})

async function check(title: string): Promise<string> {
  const checks = topicChecks(await context.select())
  return (checks.find((entry) => entry.title === title) ?? expect.fail(title)).run(context.signal)
}

it.each(['input topic', 'input format', 'clocks'])(
  'the check of the %s asks no broker of another folder',
  async (title) => {
    context.runtime.clusterIdNow = 'cluster-of-this-folder'
    expect(await check(title)).toMatch(/^not checked: .* is not this folder's broker/)
  },
)

describe('the check of the input topic', () => {
  it('names a topic that deletes samples by the time that their producer sets', async () => {
    context.broker.createTopic('cpu-usage', 1, BY_PRODUCER)
    expect(await check('input topic')).toMatch(/beware: cpu-usage deletes records 7 days(.|\n)*LogAppendTime/)
  })

  it.each(['compact', 'compact,delete'])('names a topic with cleanup.policy=%s', async (policy) => {
    context.broker.createTopic('cpu-usage', 1, { ...BY_BROKER, 'cleanup.policy': policy })
    expect(await check('input topic')).toMatch(
      /beware: cpu-usage is compacted.*same key(.|\n)*cleanup.policy=delete/,
    )
  })

  it.each([
    ['stamped by the broker', BY_BROKER],
    ['kept for ever', { ...BY_PRODUCER, 'retention.ms': '-1' }],
  ])('has nothing against records that are %s', async (_, settings) => {
    context.broker.createTopic('cpu-usage', 1, settings)
    expect(await check('input topic')).toMatch(/does not delete/)
  })
})

describe('the check of the input format', () => {
  const INFLUX = 'cpu,cpu=cpu-total,host=a usage_idle=80 1568760922000000000'

  it('says what real records are', async () => {
    context.broker
      .createTopic('cpu-usage', 2)
      .append('cpu-usage', { value: '1700000000123,12.5', partition: 1 })
    expect(await check('input format')).toMatch(/^cpu-usage: csv .*1 of 1 records; CPU usage from 12.5/)
  })

  it('fails with the setting to write if they are of another format', async () => {
    context.broker.createTopic('cpu-usage').append('cpu-usage', { value: INFLUX })
    await expect(check('input format')).rejects.toMatchObject({
      code: 'CHECK_FAILED',
      message: expect.stringMatching(/not csv: telegraf/),
      hint: expect.stringMatching(/INPUT_FORMAT=telegraf/),
    })
  })

  it('has nothing against a topic without records', async () => {
    context.broker.createTopic('cpu-usage')
    expect(await check('input format')).toMatch(/no records yet/)
  })
})

describe('the check of the clocks', () => {
  it('reads the last samples and dead letters', async () => {
    context.broker.createTopic('cpu-usage', 2, BY_BROKER).createTopic('cpu-usage.dead-letter')
    expect(await check('clocks')).toMatch(/no difference/)
    context.broker.append('cpu-usage', { key: 'rack-7', value: `${Date.now() + 120_000},1`, partition: 1 })
    await expect(check('clocks')).rejects.toMatchObject({
      code: 'CHECK_FAILED',
      message: expect.stringMatching(/rack-7 are 2 min ahead/),
    })
  })

  it('does not rely on times that producers set', async () => {
    context.broker.createTopic('cpu-usage', 1, BY_PRODUCER)
    context.broker.append('cpu-usage', { value: `${Date.now() + 120_000},1` })
    expect(await check('clocks')).toMatch(/no difference/)
  })
})

it.each(['input topic', 'input format', 'clocks'])(
  '%s: passes without a topic, and without a broker',
  async (title) => {
    await check(title)
    context.broker.isUp = false
    expect(await check(title)).toMatch(/not running/)
  },
)

import { describe, expect, it, vi } from 'vitest'
import { configWith } from '../config/load.fixture.ts'
import { AdministratorNeeded } from './administrator.ts'
import { FakeBroker, protocolError } from './broker.fixture.ts'
import { ensureTopics, formatTopicReport } from './topics.ts'

vi.mock('kafkajs', () => import('./kafkajs.fixture.ts'))

const { signal } = new AbortController()
const TOPICS = ['cpu-usage', 'anomaly', 'cpu-usage.dead-letter']

/** A cluster that this stack did not start. */
async function given(...topics: readonly string[]) {
  const broker = new FakeBroker()
  for (const topic of topics) broker.createTopic(topic, 3, { 'cleanup.policy': 'delete' })
  const ensure = async () => ensureTopics(broker.access, await configWith(), signal)
  const refused = async (): Promise<AdministratorNeeded> => {
    const error = await ensure().catch((thrown: unknown) => thrown)
    if (error instanceof AdministratorNeeded) return error
    return expect.fail(`no administrator is needed: ${error}`)
  }
  return { broker, ensure, refused }
}

describe('the topics of a given cluster', () => {
  it('are left as they are, and their usual differences from new ones are not reported', async () => {
    const { broker, ensure } = await given(...TOPICS)
    expect(formatTopicReport(await ensure())).toBe(`kept ${TOPICS.join(', ')}`)
    expect(broker.journal).toEqual([])
  })

  it('are reported if compaction removes samples', async () => {
    const { broker, ensure } = await given('anomaly', 'cpu-usage.dead-letter')
    broker.createTopic('cpu-usage', 3, { 'cleanup.policy': 'compact' })
    expect(formatTopicReport(await ensure())).toMatch(/cpu-usage .*cleanup\.policy=compact.*removes samples/)
  })

  it('are created where they are missing and the user may do that', async () => {
    const { broker, ensure } = await given('cpu-usage')
    expect(formatTopicReport(await ensure())).toBe('created anomaly, cpu-usage.dead-letter; kept cpu-usage')
    expect(broker.journal).toEqual(['create topic anomaly', 'create topic cpu-usage.dead-letter'])
  })

  it('that a user may not create are named with the commands that an administrator needs', async () => {
    const { broker, refused } = await given('cpu-usage')
    broker.onRequest = (request) => {
      if (request === 'create-topics') throw protocolError('TOPIC_AUTHORIZATION_FAILED')
    }
    broker.rights.set('anomaly', [])
    const { code, message, commands } = await refused()
    expect(code).toBe('KAFKA_REFUSED')
    expect(message).toMatch(
      /^User:ANONYMOUS does not see the topics anomaly, cpu-usage.dead-letter and may not/,
    )
    const at = `--bootstrap-server ${broker.address} --command-config admin.properties`
    expect(commands.filter((line) => !line.startsWith('#'))).toEqual([
      expect.stringMatching(
        `^kafka-topics.sh ${at} --create --if-not-exists --topic anomaly --partitions 1 .*compact`,
      ),
      expect.stringMatching(
        `^kafka-topics.sh ${at} --create --if-not-exists --topic cpu-usage.dead-letter --part`,
      ),
      expect.stringMatching(
        `^kafka-acls.sh ${at} --add --allow-principal 'User:ANONYMOUS' --operation Write --operation Describe --operation DescribeConfigs --topic anomaly$`,
      ),
      expect.stringMatching(/^kafka-acls.sh .*--operation Write .*--topic cpu-usage.dead-letter$/),
      expect.stringMatching(
        /--operation Read --operation Describe --group cpu-anomaly --resource-pattern-type prefixed$/,
      ),
    ])
    expect(broker.topics.has('anomaly')).toBe(false)
  })

  it.each([
    ['cpu-usage', ['Describe'], /lacks the right to Read and Describe cpu-usage/],
    ['anomaly', ['Read', 'Describe'], /lacks the right to Write and Describe anomaly/],
  ] as const)(
    'that a user may not use are named with the right: %s with %j',
    async (topic, rights, message) => {
      const { broker, refused } = await given(...TOPICS)
      broker.rights.set(topic, rights)
      const error = await refused()
      expect(error.message).toMatch(message)
      expect(error.facts).toMatchObject({ missing_rights: [{ topic }] })
      expect(error.commands.join('\n')).not.toContain('kafka-topics.sh')
    },
  )

  it('are used without the right to read their settings', async () => {
    const { broker, ensure } = await given(...TOPICS)
    for (const topic of TOPICS) broker.rights.set(topic, ['Read', 'Write', 'Describe'])
    broker.onRequest = (request) => {
      if (request === 'describe-configs') throw protocolError('TOPIC_AUTHORIZATION_FAILED')
    }
    expect(formatTopicReport(await ensure())).toBe(`kept ${TOPICS.join(', ')}`)
  })
})

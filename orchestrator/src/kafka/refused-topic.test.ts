import { describe, expect, it, vi } from 'vitest'
import type { KafkaAccess } from './access.ts'
import { FakeBroker, protocolError } from './broker.fixture.ts'
import { followTopic } from './follow-topic.ts'
import { readLast } from './read-range.ts'
import { refusedTopic } from './refused-topic.ts'

vi.mock('kafkajs', () => import('./kafkajs.fixture.ts'))

const { signal } = new AbortController()
const sasl = { mechanism: 'PLAIN', username: 'ann', password: 'canary' } as const

function refusing(): KafkaAccess {
  const broker = new FakeBroker().createTopic('results')
  broker.onRequest = (request) => {
    if (request === 'fetch') throw protocolError('TOPIC_AUTHORIZATION_FAILED')
  }
  broker.append('results', { value: 'x' })
  return { ...broker.access, sasl }
}

const refusal = {
  code: 'KAFKA_REFUSED',
  message: expect.stringMatching(/^User:ann may not read results at 127\.0\.0\.1:9093/),
  hint: expect.stringMatching(
    /\nkafka-acls\.sh .*'User:ann' --operation Read --operation Describe --topic results$/,
  ),
}

describe('a user who may not read a topic is named with it and the command that helps', () => {
  it('when it is followed', async () => {
    const following = followTopic(refusing(), 'results', {
      from: { kind: 'earliest' },
      signal,
      notice: expect.fail,
    })
    await expect(following.next()).rejects.toMatchObject(refusal)
  })

  it('when it is read once', async () => {
    await expect(readLast(refusing(), 'results', 1, signal)).rejects.toMatchObject(refusal)
  })
})

it('is about given clusters and this refusal only', () => {
  const access: KafkaAccess = { servers: ['h:1'], securityProtocol: 'PLAINTEXT', sasl: undefined, ssl: {} }
  const refused = protocolError('TOPIC_AUTHORIZATION_FAILED')
  expect(refusedTopic(refused, access, 't', 'Write')?.message).toMatch(
    /^User:ANONYMOUS may not write to t at h:1/,
  )
  expect(refusedTopic(refused, { ...access, isOwn: true }, 't', 'Write')).toBeUndefined()
  expect(refusedTopic(protocolError('LEADER_NOT_AVAILABLE'), access, 't', 'Write')).toBeUndefined()
})

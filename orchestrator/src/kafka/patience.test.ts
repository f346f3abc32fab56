import { createRequire } from 'node:module'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { useVirtualTime } from '../system/virtual-time.fixture.ts'
import { FakeBroker, protocolError } from './broker.fixture.ts'
import { withProducer } from './producer.ts'
import { readLast } from './read-range.ts'

vi.mock('kafkajs', () => import('./kafkajs.fixture.ts'))
vi.mock('node:timers/promises', () => import('../system/virtual-time.fixture.ts'))

// The real package: `import` gets the stand-in.
const { KafkaJSConnectionError }: typeof import('kafkajs') = createRequire(import.meta.url)('kafkajs')

let broker: FakeBroker
let startedAt: number

beforeEach(() => {
  useVirtualTime()
  broker = new FakeBroker().createTopic('t').append('t', { value: 'a' })
  startedAt = Date.now()
})

/** Requests for metadata fail like this for so long. */
function failFor(ms: number, type: string): void {
  broker.onRequest = (request) => {
    if (request === 'metadata' && Date.now() - startedAt < ms) throw protocolError(type)
  }
}
const read = (more: { readonly isOwn?: boolean } = {}) =>
  readLast({ ...broker.access, ...more }, 't', 1, new AbortController().signal)

it('waits for the election of a leader in a given cluster', async () => {
  failFor(15_000, 'LEADER_NOT_AVAILABLE')
  expect(await read()).toHaveLength(1)
})

it('gives up after 20 s', async () => {
  failFor(60_000, 'LEADER_NOT_AVAILABLE')
  await expect(read()).rejects.toThrow(/LEADER_NOT_AVAILABLE/)
  expect(Date.now() - startedAt).toBeLessThan(21_000)
})

it.each([
  ['what waiting does not help', () => failFor(60_000, 'TOPIC_AUTHORIZATION_FAILED'), {}],
  ['brokers that cannot be reached', () => (broker.isUp = false), {}],
  ['the broker of this folder', () => failFor(60_000, 'LEADER_NOT_AVAILABLE'), { isOwn: true }],
])('does not wait for %s', async (_, prepare, more) => {
  prepare()
  await expect(read(more)).rejects.toThrow()
  expect(Date.now()).toBe(startedAt)
})

describe('a producer that connects while a broker dies', () => {
  /** The first connection is that which proves the login; those after it are lost for so long. */
  function loseConnections(ms: number): void {
    let connections = 0
    broker.onRequest = (request) => {
      if (request !== 'connect') return
      connections += 1
      if (connections > 1 && Date.now() - startedAt < ms) throw new KafkaJSConnectionError('read ECONNRESET')
    }
  }
  const produce = () => {
    const messages = [{ value: 'b', partition: 0 }]
    return withProducer(broker.access, (producer) => producer.send({ topic: 't', acks: -1, messages }))
  }

  it('waits for another one', async () => {
    loseConnections(5_000)
    await produce()
    expect(broker.values('t')).toEqual(['a', 'b'])
  })

  it('gives up after 20 s', async () => {
    loseConnections(60_000)
    await expect(produce()).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE' })
    expect(Date.now() - startedAt).toBeLessThan(21_000)
  })
})

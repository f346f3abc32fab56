import { expect, it, vi } from 'vitest'
import { useVirtualTime } from '../system/virtual-time.fixture.ts'
import { FakeBroker, protocolError, type Request } from './broker.fixture.ts'
import { withAdmin } from './client.ts'
import { createTopics } from './create-topics.ts'

vi.mock('kafkajs', () => import('./kafkajs.fixture.ts'))
vi.mock('node:timers/promises', () => import('../system/virtual-time.fixture.ts'))

/** Creates a topic on a broker that answers the first requests for its metadata with this error. */
async function create(type: string, times: number): Promise<{ readonly asked: number }> {
  useVirtualTime()
  const broker = new FakeBroker()
  let asked = 0
  broker.onRequest = (request: Request) => {
    if (request !== 'metadata') return
    asked += 1
    if (asked <= times) throw protocolError(type)
  }
  const topics = [{ topic: 'new', partitions: 1, settings: {} }]
  await withAdmin(broker.access, (admin) => createTopics(admin, topics))
  return { asked }
}

it.each(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE'])(
  'waits while a broker answers %s for a topic that was just created',
  async (type) => {
    expect(await create(type, 3)).toEqual({ asked: 4 })
  },
)

it('says which topic has no leader in the end', async () => {
  await expect(create('LEADER_NOT_AVAILABLE', Number.POSITIVE_INFINITY)).rejects.toMatchObject({
    code: 'KAFKA_UNREACHABLE',
    message: expect.stringMatching(/created new, but .* 30 s: LEADER_NOT_AVAILABLE/),
  })
})

it('passes on another error at once', async () => {
  await expect(create('TOPIC_AUTHORIZATION_FAILED', 1)).rejects.toMatchObject({
    code: 'KAFKA_REFUSED',
  })
})

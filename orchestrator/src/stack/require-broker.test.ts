import { expect, it, vi } from 'vitest'
import { FakeBroker, protocolError } from '../kafka/broker.fixture.ts'
import { FakeRuntime } from '../runtime/runtime.fixture.ts'
import { requireBroker } from './require-broker.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))

it('passes when the broker answers', async () => {
  new FakeBroker()
  await requireBroker(new FakeRuntime())
})

it('fails with the address, the cause and a hint when nothing listens there', async () => {
  await expect(requireBroker(new FakeRuntime())).rejects.toMatchObject({
    code: 'KAFKA_UNREACHABLE',
    message: expect.stringMatching(/127\.0\.0\.1:9093.*refused/),
    hint: expect.stringContaining('cpu-anomaly up'),
  })
})

it('fails when the broker refuses access', async () => {
  new FakeBroker().onRequest = (request) => {
    if (request === 'describe-cluster') throw protocolError('CLUSTER_AUTHORIZATION_FAILED')
  }
  await expect(requireBroker(new FakeRuntime())).rejects.toMatchObject({
    message: expect.stringContaining('CLUSTER_AUTHORIZATION_FAILED'),
  })
})

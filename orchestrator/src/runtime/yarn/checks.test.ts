import { expect, it } from 'vitest'
import { queuesIn } from './checks.ts'

const leaf = (queueName: string) => ({ queueName, state: 'RUNNING', absoluteUsedCapacity: 12.5 })

it('the queues of a capacity scheduler are its leaves', () => {
  const info = {
    queueName: 'root',
    queues: { queue: [leaf('a'), { queueName: 'b', queues: { queue: [leaf('c')] } }] },
  }
  expect(queuesIn(info)).toEqual([leaf('a'), leaf('c')])
})

it.each([undefined, {}, { type: 'fifoScheduler', qstate: 'RUNNING' }, { rootQueue: { childQueues: {} } }])(
  'another scheduler has none: %j',
  (info) => expect(queuesIn(info)).toEqual([]),
)

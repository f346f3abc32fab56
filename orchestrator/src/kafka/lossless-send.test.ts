import type { RecordMetadata } from 'kafkajs'
import { expect, it } from 'vitest'
import { withoutLoss } from './lossless-send.ts'

const message = (partition: number) => ({ partition, value: `of ${partition}` })

/** Sends to this producer acknowledge these partitions, one list per send. */
function producerThat(...acknowledging: readonly (readonly number[])[]) {
  const sent: (readonly number[])[] = []
  const send = async ({ messages }: { messages: readonly { partition?: number }[] }) => {
    sent.push(messages.map(({ partition = -1 }) => partition))
    const partitions = acknowledging[sent.length - 1] ?? []
    return partitions.map((partition): RecordMetadata => ({ topicName: 't', partition, errorCode: 0 }))
  }
  return { sent, producer: withoutLoss({ send }) }
}
const request = { topic: 't', acks: -1, messages: [0, 1, 2, 1].map(message) } as const

it('sends again what kafkajs has left out, and nothing else', async () => {
  const { sent, producer } = producerThat([0, 2], [1])
  const metadata = await producer.send(request)
  expect(sent).toEqual([
    [0, 1, 2, 1],
    [1, 1],
  ])
  expect(metadata.map(({ partition }) => partition).sort()).toEqual([0, 1, 2])
})

it('sends once what is acknowledged at once', async () => {
  const { sent, producer } = producerThat([0, 1, 2])
  await producer.send(request)
  expect(sent).toHaveLength(1)
})

it('does not go on for ever', async () => {
  await expect(producerThat([0, 2], []).producer.send(request)).rejects.toThrow(/acknowledged none/)
})

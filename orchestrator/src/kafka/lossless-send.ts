import type { Producer as KafkaProducer, Message, RecordMetadata } from 'kafkajs'

interface SendRequest {
  readonly topic: string
  readonly acks: -1
  /** Each with its partition: one that kafkajs chooses may be another one when it tries again. */
  readonly messages: readonly (Message & { readonly partition: number })[]
}

export interface Producer {
  /** Resolves when all messages are acknowledged, to what is known of each partition. */
  send(request: SendRequest): Promise<RecordMetadata[]>
}

/**
 * kafkajs (2.2.4) leaves out messages of a send to several partitions if one of them gets another leader during it, and
 * that broker has acknowledged its own part already; it reports success, without the partition. Those are sent again:
 * they keep their sequence numbers, so a broker that has them does not take them twice.
 */
export const withoutLoss = (producer: Pick<KafkaProducer, 'send'>): Producer => ({
  async send({ topic, acks, messages }) {
    const acknowledged = new Map<number, RecordMetadata>()
    for (let rest = messages; rest.length > 0; ) {
      const metadata = await producer.send({ topic, acks, messages: [...rest] })
      for (const entry of metadata) acknowledged.set(entry.partition, entry)
      const left = rest.filter(({ partition }) => !acknowledged.has(partition))
      if (left.length === rest.length) throw new Error('Kafka acknowledged none of the partitions')
      rest = left
    }
    return [...acknowledged.values()]
  },
})

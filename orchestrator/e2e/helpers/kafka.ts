import { randomUUID } from 'node:crypto'
import { type Admin, Kafka, logLevel } from 'kafkajs'

export interface RawRecord {
  readonly key: string | null
  readonly value: Buffer | null
  /** Without one, the key decides. */
  readonly partition?: number
}

export interface StoredRecord extends RawRecord {
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  /** Of the producer that wrote it. */
  readonly producerId: string
}

/** What kafkajs knows of a record, but does not declare. */
interface FromBatch {
  readonly batchContext?: { readonly producerId: string }
}

export interface Login {
  readonly username: string
  readonly password: string
}

const client = (broker: string, login?: Login) =>
  new Kafka({
    brokers: broker.split(','),
    logLevel: logLevel.NOTHING,
    retry: { retries: 8 },
    ...(login ? { sasl: { mechanism: 'plain', ...login } } : {}),
  })

/** Sends records unchanged; returns when all are acknowledged. */
export async function send(
  broker: string,
  topic: string,
  records: readonly RawRecord[],
  login?: Login,
): Promise<void> {
  const producer = client(broker, login).producer({ idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  try {
    for (let at = 0; at < records.length; at += 500)
      await producer.send({
        topic,
        acks: -1,
        messages: records.slice(at, at + 500).map(toMessage),
      })
  } finally {
    await producer.disconnect()
  }
}

async function withAdmin<T>(broker: string, act: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = client(broker).admin()
  await admin.connect()
  try {
    return await act(admin)
  } finally {
    await admin.disconnect()
  }
}

/** By partition, the next offset of a consumer group to read; -1 where it has none. */
export async function groupOffsets(
  broker: string,
  groupId: string,
  topic: string,
): Promise<Record<string, number>> {
  const [found] = await withAdmin(broker, (admin) => admin.fetchOffsets({ groupId, topics: [topic] }))
  return Object.fromEntries(found?.partitions.map((each) => [each.partition, Number(each.offset)]) ?? [])
}

/** How many records were written to a topic, without reading them. */
export const countRecords = (broker: string, topic: string): Promise<number> =>
  withAdmin(broker, async (admin) =>
    (await admin.fetchTopicOffsets(topic)).reduce((sum, { high }) => sum + Number(high), 0),
  )

/** Removes the records of partition 0 before an offset, as retention would. */
export const removeBefore = (broker: string, topic: string, offset: number): Promise<void> =>
  withAdmin(broker, async (admin) => {
    await admin.fetchTopicOffsets(topic) // kafkajs needs the topic's metadata
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] })
  })

/** Creates a topic of one partition with these settings. */
export const createTopic = (
  broker: string,
  topic: string,
  settings: Readonly<Record<string, string>>,
): Promise<unknown> =>
  withAdmin(broker, (admin) =>
    admin.createTopics({
      topics: [
        {
          topic,
          numPartitions: 1,
          configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
        },
      ],
    }),
  )

/** Adds partitions up to this number of them. */
export const growTopic = (broker: string, topic: string, count: number): Promise<void> =>
  withAdmin(broker, async (admin) => {
    await admin.createPartitions({ topicPartitions: [{ topic, count }] })
  })

/** Deletes a topic and creates another one with its name. */
export const recreateTopic = (broker: string, topic: string): Promise<void> =>
  withAdmin(broker, async (admin) => {
    await admin.deleteTopics({ topics: [topic] })
    // Without waiting for the leader: the broker may not have forgotten the old topic yet, and kafkajs would give up.
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: false })
  })

/** Sends records in a transaction of its own, and ends it. */
export async function sendTransaction(
  broker: string,
  topic: string,
  records: readonly RawRecord[],
  end: 'commit' | 'abort',
): Promise<void> {
  const producer = client(broker).producer({
    transactionalId: `e2e-${randomUUID()}`,
    idempotent: true,
    maxInFlightRequests: 1,
  })
  await producer.connect()
  try {
    const transaction = await producer.transaction()
    await transaction.send({ topic, acks: -1, messages: records.map(toMessage) })
    await transaction[end]()
  } finally {
    await producer.disconnect()
  }
}

const toMessage = ({ key, value, partition }: RawRecord) => ({
  key,
  value,
  ...(partition === undefined ? {} : { partition }),
})

/** All records that are in a topic now, or those from an offset of each partition on, ordered by partition and offset. */
export async function readTopic(
  broker: string,
  topic: string,
  from: ReadonlyMap<number, number> = new Map(),
  login?: Login,
): Promise<StoredRecord[]> {
  const kafka = client(broker, login)
  const admin = kafka.admin()
  await admin.connect()
  const offsets = await admin.fetchTopicOffsets(topic).finally(() => admin.disconnect())
  const open = new Map(
    offsets
      .filter(({ partition, high }) => Number(high) > (from.get(partition) ?? 0))
      .map(({ partition, high }) => [partition, Number(high)]),
  )
  const records: StoredRecord[] = []
  if (open.size === 0) return records
  const consumer = kafka.consumer({ groupId: `e2e-${randomUUID()}` })
  await consumer.connect()
  try {
    await consumer.subscribe({ topic, fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      consumer
        .run({
          eachBatch: async ({ batch }) => {
            const end = open.get(batch.partition)
            if (end === undefined) return
            for (const message of batch.messages)
              if (Number(message.offset) < end && Number(message.offset) >= (from.get(batch.partition) ?? 0))
                records.push({
                  key: message.key?.toString() ?? null,
                  value: message.value,
                  partition: batch.partition,
                  offset: Number(message.offset),
                  timestampMs: Number(message.timestamp),
                  producerId: (message as FromBatch).batchContext?.producerId ?? '',
                })
            if (Number(batch.lastOffset()) >= end - 1) open.delete(batch.partition)
            if (open.size === 0) resolve()
          },
        })
        .catch(reject)
      for (const [partition, offset] of from) consumer.seek({ topic, partition, offset: String(offset) })
    })
  } finally {
    await consumer.disconnect()
  }
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset)
}

import type { Kafka } from 'kafkajs'

// The parts of kafkajs 2.2.4 below its public API that are used here; package.json pins that version.

export const READ_COMMITTED = 1

export interface Cluster {
  readonly brokerPool: { readonly seedBroker: SeedBroker }
  connect(): Promise<void>
  disconnect(): Promise<void>
  addTargetTopic(topic: string): Promise<void>
  refreshMetadata(): Promise<void>
  findTopicPartitionMetadata(topic: string): readonly { readonly partitionId: number }[]
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Record<string, number[]>
  findBroker(which: { nodeId: string }): Promise<Broker>
  fetchTopicsOffset(
    topics: readonly object[],
  ): Promise<{ readonly partitions: readonly { readonly partition: number; readonly offset: string }[] }[]>
}

/** A request that kafkajs does not make by itself. */
export interface RawRequest {
  readonly apiKey: number
  readonly apiVersion: number
  readonly apiName: string
}

interface SeedBroker {
  readonly connectionPool: { send(exchange: object): Promise<Buffer> }
}

/** Sends it to the broker that `connect` has chosen; resolves to the body of the answer. */
export function sendRaw(cluster: Cluster, request: RawRequest, body: Buffer): Promise<Buffer> {
  return cluster.brokerPool.seedBroker.connectionPool.send({
    request: { ...request, encode: async () => ({ buf: body, buffer: body }) },
    response: { decode: async (answer: Buffer) => answer, parse: async (answer: Buffer) => answer },
  })
}

interface Broker {
  fetch(
    request: object,
  ): Promise<{ readonly responses: readonly { readonly partitions: readonly PartitionData[] }[] }>
}

/** One partition in the response to a fetch request. */
export interface PartitionData {
  readonly partition: number
  readonly lastStableOffset: string
  readonly abortedTransactions: readonly { readonly producerId: string; readonly firstOffset: string }[]
  /** All that the partition has, also markers of transactions and records of aborted ones. */
  readonly messages: readonly RawMessage[]
}

export interface RawMessage {
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** True for a marker: a transaction ends here. Undefined, as `batchContext`, in Kafka's old message formats. */
  readonly isControlRecord?: boolean
  readonly batchContext?: { readonly producerId: string; readonly inTransaction: boolean }
}

export function createCluster(kafka: Kafka): Cluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) =>
    description?.endsWith(':createCluster'),
  )
  const create = symbol && (kafka as unknown as Record<symbol, (options: object) => Cluster>)[symbol]
  if (!create)
    throw new Error('this version of kafkajs has no createCluster: cpu-anomaly needs kafkajs 2.2.4')
  return create({ metadataMaxAge: 60_000, allowAutoTopicCreation: false, isolationLevel: READ_COMMITTED })
}

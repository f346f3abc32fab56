import { createRequire } from 'node:module'
import type { Kafka } from 'kafkajs'
import { CliError } from '../errors.ts'
import type { KafkaAccess } from './access.ts'
import { type ClientOptions, kafkaClient, within } from './client.ts'
import type { Offsets } from './position.ts'

/** One record of a topic, as it is. */
export interface TopicRecord {
  readonly partition: number
  readonly offset: bigint
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
}

export interface Bounds {
  readonly begin: Map<number, bigint>
  readonly end: Map<number, bigint>
}

export interface Fetched {
  readonly records: readonly TopicRecord[]
  /** Where the next fetch begins: behind the records, and behind what compaction and transactions left out. */
  readonly next: Map<number, bigint>
}

/**
 * Reads a topic without a consumer group, so that nothing stays behind on the broker however the reader ends. The
 * consumer of kafkajs knows only groups; this uses the fetch requests below it, which `package.json` pins to one version.
 */
export class TopicReader {
  readonly topic: string
  readonly #cluster: Cluster
  readonly #cut: () => void

  private constructor(topic: string, cluster: Cluster, cut: () => void) {
    this.topic = topic
    this.#cluster = cluster
    this.#cut = cut
  }

  /** @throws what kafkajs throws, or CliError at the deadline; never creates the topic. */
  static async open(access: KafkaAccess, topic: string, options: ClientOptions): Promise<TopicReader> {
    const client = kafkaClient(access, { retries: 0, ...options })
    const cluster = createCluster(client.kafka)
    const reader = new TopicReader(topic, cluster, client.cut)
    try {
      await within(access, options, options.connectTimeoutMs ?? 10_000, async () => {
        await cluster.connect()
        await cluster.addTargetTopic(topic)
      })
      return reader
    } catch (error) {
      reader.close()
      throw error
    }
  }

  /** First and next offset of each partition. */
  async bounds(): Promise<Bounds> {
    await this.#cluster.refreshMetadata()
    const [begin, end] = await Promise.all([
      this.#offsets({ fromBeginning: true }),
      this.#offsets({ fromBeginning: false }),
    ])
    return { begin, end }
  }

  /** Offset of the first record of each partition that was written at this time or later; its end where there is none. */
  async offsetsSince(timeMs: number): Promise<Map<number, bigint>> {
    const [since, end] = [
      await this.#offsets({ fromTimestamp: timeMs }),
      await this.#offsets({ fromBeginning: false }),
    ]
    return new Map(
      [...end].map(([partition, last]) => [partition, atLeastZero(since.get(partition)) ?? last]),
    )
  }

  /** Next offset of each partition: where a record that is written now will be. */
  ends(): Promise<Map<number, bigint>> {
    return this.#offsets({ fromBeginning: false })
  }

  /** Waits up to `maxWaitMs` for the first record behind these offsets. */
  async fetch(positions: Offsets, maxWaitMs: number): Promise<Fetched> {
    const leaders = this.#cluster.findLeaderForPartitions(this.topic, [...positions.keys()])
    const answers = await Promise.all(
      Object.entries(leaders).map(([nodeId, partitions]) =>
        this.#fetchFrom(nodeId, partitions, positions, maxWaitMs),
      ),
    )
    const batches = answers.flat()
    return {
      records: batches.flatMap(({ records }) => records),
      next: new Map([...positions, ...batches.map(({ partition, next }) => [partition, next] as const)]),
    }
  }

  close(): void {
    this.#cut()
    this.#cluster.disconnect().catch(() => {})
  }

  async #fetchFrom(
    nodeId: string,
    partitions: number[],
    positions: Offsets,
    maxWaitMs: number,
  ): Promise<PartitionBatch[]> {
    const broker = await this.#cluster.findBroker({ nodeId })
    const { responses } = await broker.fetch({
      replicaId: -1,
      isolationLevel: READ_COMMITTED,
      maxWaitTime: maxWaitMs,
      minBytes: 1,
      maxBytes: 16 * 1024 * 1024,
      topics: [
        { topic: this.topic, partitions: partitions.map((partition) => fetchPosition(partition, positions)) },
      ],
    })
    const batches = responses.flatMap((response) =>
      response.partitions.map((data) =>
        partitionBatch(this.topic, data, positions.get(data.partition) ?? 0n),
      ),
    )
    const stuck = batches.filter(({ missing }) => missing)
    if (stuck.length === 0) return batches
    // Nothing of a partition that has committed records: either the answer was full of other partitions, or compaction
    // has emptied it up to there. Asked for alone, a partition always gives at least one record if there is any.
    if (partitions.length === 1) return stuck.map((batch) => ({ ...batch, next: batch.stableEnd }))
    const alone = stuck.map(({ partition }) => this.#fetchFrom(nodeId, [partition], positions, 0))
    return [...batches.filter(({ missing }) => !missing), ...(await Promise.all(alone)).flat()]
  }

  async #offsets(at: { fromBeginning: boolean } | { fromTimestamp: number }): Promise<Map<number, bigint>> {
    const partitions = this.#cluster
      .findTopicPartitionMetadata(this.topic)
      .map(({ partitionId }) => ({ partition: partitionId }))
    const [found] = await this.#cluster.fetchTopicsOffset([{ topic: this.topic, partitions, ...at }])
    return new Map((found?.partitions ?? []).map(({ partition, offset }) => [partition, BigInt(offset)]))
  }
}

interface PartitionBatch {
  readonly partition: number
  readonly records: readonly TopicRecord[]
  readonly next: bigint
  /** Behind the last record that is committed. */
  readonly stableEnd: bigint
  /** There are committed records, and the answer has none of them. */
  readonly missing: boolean
}

const READ_COMMITTED = 1
const PARTITION_MAX_BYTES = 4 * 1024 * 1024

const atLeastZero = (offset: bigint | undefined) => (offset === undefined || offset < 0n ? undefined : offset)

const fetchPosition = (partition: number, positions: Offsets) => ({
  partition,
  fetchOffset: String(positions.get(partition) ?? 0n),
  maxBytes: PARTITION_MAX_BYTES,
})

function partitionBatch(topic: string, data: PartitionData, position: bigint): PartitionBatch {
  const { partition, messages, lastStableOffset } = data
  const batch = new Batch(topic, String(position), data)
  const records = batch.messages.map(({ offset, timestamp, key, value }) => ({
    partition,
    offset: BigInt(offset),
    timestampMs: Number(timestamp),
    key,
    value,
  }))
  const last = messages.at(-1)
  const stableEnd = BigInt(lastStableOffset)
  const behind = last ? BigInt(last.offset) + 1n : position
  return {
    partition,
    records,
    next: behind > position ? behind : position,
    stableEnd,
    missing: !last && stableEnd > position,
  }
}

// What is used of kafkajs' inside, as it is in version 2.2.4.

interface RawMessage {
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
}

interface PartitionData {
  readonly partition: number
  readonly lastStableOffset: string
  readonly messages: readonly RawMessage[]
}

interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  addTargetTopic(topic: string): Promise<void>
  refreshMetadata(): Promise<void>
  findTopicPartitionMetadata(topic: string): readonly { readonly partitionId: number }[]
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Record<string, number[]>
  findBroker(which: { nodeId: string }): Promise<FetchingBroker>
  fetchTopicsOffset(
    topics: readonly object[],
  ): Promise<{ readonly partitions: readonly { readonly partition: number; readonly offset: string }[] }[]>
}

interface FetchingBroker {
  fetch(
    request: object,
  ): Promise<{ readonly responses: readonly { readonly partitions: readonly PartitionData[] }[] }>
}

/** Leaves out control records and what aborted transactions wrote. */
const Batch = createRequire(import.meta.url)('kafkajs/src/consumer/batch.js') as new (
  topic: string,
  fetchedOffset: string,
  data: PartitionData,
) => { readonly messages: readonly RawMessage[] }

function createCluster(kafka: Kafka): Cluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) =>
    description?.endsWith(':createCluster'),
  )
  const create = symbol && (kafka as unknown as Record<symbol, (options: object) => Cluster>)[symbol]
  if (!create)
    throw new Error('kafkajs is not the version that this tool was made with: it has no createCluster')
  return create({ metadataMaxAge: 60_000, allowAutoTopicCreation: false, isolationLevel: READ_COMMITTED })
}

/** @throws CliError that names what is there instead. */
export function noSuchTopic(topic: string, access: KafkaAccess, present: readonly string[]): CliError {
  const there = present.filter((name) => !name.startsWith('__')).sort()
  return new CliError('NO_SUCH_TOPIC', `there is no topic ${topic} at ${access.servers.join(',')}`, {
    hint: `${there.length > 0 ? `Topics there: ${there.join(', ')}.` : 'It has no topics yet.'}\n\`cpu-anomaly up\` creates those of this folder.`,
  })
}

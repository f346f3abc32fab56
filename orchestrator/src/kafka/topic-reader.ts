import type { KafkaAccess } from './access.ts'
import { type ClientOptions, kafkaClient, withBrokerDeadline } from './client.ts'
import { committedMessages } from './committed-messages.ts'
import { type Cluster, createCluster, type PartitionData, READ_COMMITTED } from './kafkajs-internals.ts'
import type { Offsets } from './position.ts'

/** One record of a topic, its key and value as bytes. */
export interface TopicRecord {
  readonly partition: number
  readonly offset: bigint
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** The id that the broker gave to the producer that wrote it; undefined in Kafka's old message formats. */
  readonly producerId?: string | undefined
}

/** The offset of the first record of each partition, and the offset after its last. */
export interface Bounds {
  readonly begin: Map<number, bigint>
  readonly end: Map<number, bigint>
}

export interface FetchResult {
  readonly records: readonly TopicRecord[]
  /** Where the next fetch begins: after these records, and after offsets that compaction or transactions left empty. */
  readonly next: Map<number, bigint>
}

/**
 * Reads a topic without a consumer group, so that nothing is left on the broker, however the reader ends. The consumer
 * of kafkajs requires a group; this uses the fetch requests below it.
 */
export class TopicReader {
  readonly topic: string
  readonly #cluster: Cluster
  readonly #destroy: () => void

  private constructor(topic: string, cluster: Cluster, destroy: () => void) {
    this.topic = topic
    this.#cluster = cluster
    this.#destroy = destroy
  }

  /**
   * Never creates the topic.
   * @throws CliError KAFKA_UNREACHABLE at the deadline; the signal's reason when it aborts; what kafkajs throws.
   */
  static async open(
    access: KafkaAccess,
    topic: string,
    options: ClientOptions & { readonly onConnect?: () => void },
  ): Promise<TopicReader> {
    const client = kafkaClient(access, { retries: 0, ...options })
    const cluster = createCluster(client.kafka)
    const reader = new TopicReader(topic, cluster, client.destroy)
    const connect = async () => {
      await cluster.connect()
      options.onConnect?.()
      await cluster.addTargetTopic(topic)
    }
    try {
      await withBrokerDeadline(connect(), access, options.connectTimeoutMs ?? 10_000, options.signal)
      return reader
    } catch (error) {
      reader.close()
      throw error
    }
  }

  async bounds(): Promise<Bounds> {
    await this.#cluster.refreshMetadata()
    const [begin, end] = await Promise.all([
      this.#offsets({ fromBeginning: true }),
      this.#offsets({ fromBeginning: false }),
    ])
    return { begin, end }
  }

  /** The offset of each partition's first record with this timestamp or a later one; its end if there is none. */
  async offsetsSince(timeMs: number): Promise<Map<number, bigint>> {
    const [since, end] = [
      await this.#offsets({ fromTimestamp: timeMs }),
      await this.#offsets({ fromBeginning: false }),
    ]
    return new Map(
      [...end].map(([partition, last]) => [partition, atLeastZero(since.get(partition)) ?? last]),
    )
  }

  /** The offset that the next record of each partition will get. */
  ends(): Promise<Map<number, bigint>> {
    return this.#offsets({ fromBeginning: false })
  }

  /**
   * Fetches records from these offsets on; waits up to `maxWaitMs` for the first one. `partitionBytes`: about how much of
   * each partition.
   */
  async fetch(
    positions: Offsets,
    maxWaitMs: number,
    partitionBytes = PARTITION_MAX_BYTES,
  ): Promise<FetchResult> {
    const leaders = this.#cluster.findLeaderForPartitions(this.topic, [...positions.keys()])
    const responses = await Promise.all(
      Object.entries(leaders).map(([nodeId, partitions]) =>
        this.#fetchFrom(nodeId, partitions, positions, { maxWaitMs, partitionBytes }),
      ),
    )
    const batches = responses.flat()
    return {
      records: batches.flatMap(({ records }) => records),
      next: new Map([...positions, ...batches.map(({ partition, next }) => [partition, next] as const)]),
    }
  }

  close(): void {
    this.#destroy()
    this.#cluster.disconnect().catch(() => {})
  }

  async #fetchFrom(
    nodeId: string,
    partitions: number[],
    positions: Offsets,
    limits: FetchLimits,
  ): Promise<PartitionBatch[]> {
    const { maxWaitMs, partitionBytes } = limits
    const broker = await this.#cluster.findBroker({ nodeId })
    const { responses } = await broker.fetch({
      replicaId: -1,
      isolationLevel: READ_COMMITTED,
      maxWaitTime: maxWaitMs,
      minBytes: 1,
      maxBytes: 16 * 1024 * 1024,
      topics: [
        {
          topic: this.topic,
          partitions: partitions.map((partition) => fetchPosition(partition, positions, partitionBytes)),
        },
      ],
    })
    const batches = responses.flatMap((response) =>
      response.partitions.map((data) => partitionBatch(data, positions.get(data.partition) ?? 0n)),
    )
    const stuck = batches.filter(({ isStuck }) => isStuck)
    if (stuck.length === 0) return batches
    // No record of a partition that has committed ones: either other partitions filled the response, or compaction has
    // removed them all. The response to a fetch of one partition has at least one record, if there is one.
    if (partitions.length === 1 && partitionBytes === PARTITION_MAX_BYTES)
      return stuck.map((batch) => ({ ...batch, next: batch.stableEnd }))
    const alone = stuck.map(({ partition }) => this.#fetchFrom(nodeId, [partition], positions, WHOLE_FETCH))
    return [...batches.filter(({ isStuck }) => !isStuck), ...(await Promise.all(alone)).flat()]
  }

  async #offsets(at: { fromBeginning: boolean } | { fromTimestamp: number }): Promise<Map<number, bigint>> {
    const partitions = this.#cluster
      .findTopicPartitionMetadata(this.topic)
      .map(({ partitionId }) => ({ partition: partitionId }))
    const [offsets] = await this.#cluster.fetchTopicsOffset([{ topic: this.topic, partitions, ...at }])
    return new Map((offsets?.partitions ?? []).map(({ partition, offset }) => [partition, BigInt(offset)]))
  }
}

interface PartitionBatch {
  readonly partition: number
  readonly records: readonly TopicRecord[]
  readonly next: bigint
  /** The offset after the last committed record. */
  readonly stableEnd: bigint
  /** The partition has committed records at or after the position, but the response has none of them. */
  readonly isStuck: boolean
}

const PARTITION_MAX_BYTES = 4 * 1024 * 1024

interface FetchLimits {
  readonly maxWaitMs: number
  readonly partitionBytes: number
}

const WHOLE_FETCH: FetchLimits = { maxWaitMs: 0, partitionBytes: PARTITION_MAX_BYTES }

const atLeastZero = (offset: bigint | undefined) => (offset === undefined || offset < 0n ? undefined : offset)

const fetchPosition = (partition: number, positions: Offsets, maxBytes: number) => ({
  partition,
  fetchOffset: String(positions.get(partition) ?? 0n),
  maxBytes,
})

function partitionBatch(data: PartitionData, position: bigint): PartitionBatch {
  const { partition, messages, lastStableOffset } = data
  const records = committedMessages(data, position).map(
    ({ offset, timestamp, key, value, batchContext }) => ({
      partition,
      offset: BigInt(offset),
      timestampMs: Number(timestamp),
      key,
      value,
      producerId: batchContext?.producerId,
    }),
  )
  const last = messages.at(-1)
  const stableEnd = BigInt(lastStableOffset)
  const afterLast = last ? BigInt(last.offset) + 1n : position
  return {
    partition,
    records,
    next: afterLast > position ? afterLast : position,
    stableEnd,
    isStuck: !last && stableEnd > position,
  }
}

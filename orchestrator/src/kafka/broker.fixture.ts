import { createRequire } from 'node:module'
import { onTestFinished } from 'vitest'
import type { KafkaAccess } from './access.ts'
import { OPERATIONS, type Operation } from './cluster-metadata.ts'
import { metadataAnswer } from './listener.fixture.ts'

// The real package: a test that replaces kafkajs gets the stand-in from `import`.
const require = createRequire(import.meta.url)
const { KafkaJSConnectionError }: typeof import('kafkajs') = require('kafkajs')
const {
  errorCodes,
  createErrorFromCode,
}: {
  readonly errorCodes: readonly { readonly type: string; readonly code: number }[]
  readonly createErrorFromCode: (code: number) => Error
} = require('kafkajs/src/protocol/error')

/** The error that kafkajs makes of an error code in a broker's response, by Kafka's name of the code. */
export function protocolError(type: string): Error {
  const code = errorCodes.find((entry) => entry.type === type)
  if (!code) throw new Error(`Kafka has no error code ${type}`)
  return createErrorFromCode(code.code)
}

export interface Message {
  readonly key?: string | Buffer | null
  readonly value: string | Buffer | null
  readonly partition?: number
  readonly timestampMs?: number
}

interface StoredRecord {
  readonly offset: bigint
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
}

interface Partition {
  begin: bigint
  end: bigint
  records: StoredRecord[]
}

interface Topic {
  readonly partitions: Partition[]
  readonly settings: Readonly<Record<string, string>>
}

export type Request =
  | 'connect'
  | 'metadata'
  | 'describe-cluster'
  | 'find-coordinator'
  | 'describe-configs'
  | 'create-topics'
  | 'delete-topics'
  | 'list-offsets'
  | 'fetch'
  | 'produce'

/** One partition of a fetch response, as kafkajs returns it. */
interface FetchedPartition {
  readonly partition: number
  readonly lastStableOffset: string
  readonly abortedTransactions: readonly never[]
  readonly messages: readonly object[]
}

const running = new Map<string, FakeBroker>()

/** The broker that answers at one of these addresses. */
export function brokerAt(servers: readonly string[]): FakeBroker {
  const broker = servers.map((server) => running.get(server)).find((entry) => entry !== undefined)
  if (broker?.isUp) return broker
  const address = servers.join(',')
  throw new KafkaJSConnectionError(`Connection error: connect ECONNREFUSED ${address}`, {
    broker: address,
    code: 'ECONNREFUSED',
  })
}

/** A Kafka cluster of one broker in memory: real offsets and records, and failures on demand. */
export class FakeBroker {
  readonly address: string
  clusterId = 'cluster-1'
  /** A broker that is down refuses connections and fails requests on existing ones. */
  isUp = true
  /** How far its clock is ahead of this one. */
  clockAheadMs = 0
  readonly topics = new Map<string, Topic>()
  /** Every request, in order. */
  readonly requests: Request[] = []
  /** Changes of topics and records, in order; a test may share one list with a runtime. */
  journal: string[] = []
  /** What the client may do with a topic; unless set, all that the tool asks for. */
  readonly rights = new Map<string, readonly Operation[]>()
  /** Called before a request is answered; the request fails with what it throws. */
  onRequest: (request: Request) => unknown = () => undefined

  /** Runs until the test ends. */
  constructor(address = '127.0.0.1:9093') {
    this.address = address
    running.set(address, this)
    onTestFinished(() => void running.delete(address))
  }

  get access(): KafkaAccess {
    return { servers: [this.address], securityProtocol: 'PLAINTEXT', sasl: undefined, ssl: {} }
  }

  async answer(request: Request): Promise<void> {
    this.requests.push(request)
    await this.onRequest(request)
    brokerAt([this.address])
  }

  createTopic(name: string, partitions = 1, settings: Topic['settings'] = {}): this {
    this.topics.set(name, { partitions: [], settings })
    return this.addPartitions(name, partitions)
  }

  addPartitions(name: string, count: number): this {
    const { partitions } = this.topic(name)
    for (let added = 0; added < count; added += 1) partitions.push({ begin: 0n, end: 0n, records: [] })
    return this
  }

  /** Appends records; those without a partition go to the first one. */
  append(name: string, ...messages: readonly Message[]): this {
    for (const { key = null, value, partition: index = 0, timestampMs = Date.now() } of messages) {
      const partition = this.topic(name).partitions[index]
      if (!partition) throw new Error(`${name} has no partition ${index}`)
      partition.records.push({ offset: partition.end, timestampMs, key: bytes(key), value: bytes(value) })
      partition.end += 1n
    }
    return this
  }

  /** Removes records of the first partition, as retention and compaction do: those before `begin`, and these offsets. */
  remove(name: string, { offsets = [], begin = 0n }: { offsets?: readonly bigint[]; begin?: bigint }): this {
    const [partition] = this.topic(name).partitions
    if (!partition) return this
    partition.begin = begin
    partition.records = partition.records.filter(({ offset }) => offset >= begin && !offsets.includes(offset))
    return this
  }

  /** The values of a topic's records, by partition. */
  values(name: string): string[] {
    return this.records(name).map(({ value }) => String(value))
  }

  records(name: string): StoredRecord[] {
    return this.topic(name).partitions.flatMap(({ records }) => records)
  }

  /** The answer to a request for metadata of these topics. */
  metadata(names: readonly string[]): Buffer {
    const topics = names.map((name) => {
      const operations = this.rights.get(name) ?? (['Read', 'Write', 'Describe', 'DescribeConfigs'] as const)
      const [unknown, unauthorized] = [3, 29]
      if (!operations.includes('Describe')) return [name, { error: unauthorized }] as const
      const partitions = this.topics.get(name)?.partitions.length
      if (partitions === undefined) return [name, { error: unknown }] as const
      const bits = operations.reduce((sum, operation) => sum | (1 << OPERATIONS[operation]), 0)
      return [name, { operations: bits, partitions }] as const
    })
    const [host = '', port = ''] = this.address.split(':')
    return metadataAnswer({ host, port: Number(port) }, Object.fromEntries(topics), this.clusterId)
  }

  topic(name: string): Topic {
    const topic = this.topics.get(name)
    if (!topic) throw protocolError('UNKNOWN_TOPIC_OR_PARTITION')
    return topic
  }

  /** The response to a fetch of one partition: every record from the offset on. */
  fetched(name: string, index: number, from: bigint): FetchedPartition {
    const partition = this.topic(name).partitions[index]
    if (!partition) throw protocolError('UNKNOWN_TOPIC_OR_PARTITION')
    if (from < partition.begin || from > partition.end) throw protocolError('OFFSET_OUT_OF_RANGE')
    return {
      partition: index,
      lastStableOffset: String(partition.end),
      abortedTransactions: [],
      messages: partition.records
        .filter(({ offset }) => offset >= from)
        .map(({ offset, timestampMs, key, value }) => ({
          offset: String(offset),
          timestamp: String(timestampMs),
          key,
          value,
        })),
    }
  }

  /** The first offset, the next one, or that of the first record at or after a time (-1 if there is none). */
  offset(name: string, index: number, at: 'begin' | 'end' | number): bigint {
    const partition = this.topic(name).partitions[index]
    if (!partition) throw protocolError('UNKNOWN_TOPIC_OR_PARTITION')
    if (typeof at === 'string') return partition[at]
    return partition.records.find(({ timestampMs }) => timestampMs >= at)?.offset ?? -1n
  }
}

const bytes = (text: string | Buffer | null): Buffer | null => (text === null ? null : Buffer.from(text))

import { createRequire } from 'node:module'
import { brokerAt, type FakeBroker, type Message } from './broker.fixture.ts'
import { WireReader } from './wire.ts'

// Replaces the package kafkajs, with `FakeBroker` as the brokers: vi.mock('kafkajs', () => import('.../kafkajs.fixture.ts'))

const real: typeof import('kafkajs') = createRequire(import.meta.url)('kafkajs')

/** @public */
export const { Partitioners } = real
export default real

const NODE_ID = '1'

/** @public */
export class Kafka {
  readonly #servers: readonly string[]

  constructor({ brokers }: { readonly brokers: readonly string[] }) {
    this.#servers = brokers
    // kafkajs has this method under such a symbol, by which `kafkajs-internals.ts` finds it.
    Object.assign(this, { [Symbol('private:Kafka:createCluster')]: () => new Cluster(brokers) })
  }

  admin(): Admin {
    return new Admin(this.#servers)
  }

  producer(): Producer {
    return new Producer(this.#servers)
  }
}

class Connection {
  readonly #servers: readonly string[]

  constructor(servers: readonly string[]) {
    this.#servers = servers
  }

  get broker(): FakeBroker {
    return brokerAt(this.#servers)
  }

  async connect(): Promise<void> {
    await this.broker.answer('connect')
  }

  async disconnect(): Promise<void> {}
}

interface TopicRequest {
  readonly topic: string
  readonly numPartitions: number
  readonly configEntries: readonly { readonly name: string; readonly value: string }[]
}

class Admin extends Connection {
  async describeCluster() {
    await this.broker.answer('describe-cluster')
    const { clusterId } = this.broker
    return { clusterId, controller: 1, brokers: [{ nodeId: 1, host: '127.0.0.1', port: 9093 }] }
  }

  async fetchOffsets() {
    await this.broker.answer('find-coordinator')
    return []
  }

  async listTopics(): Promise<string[]> {
    await this.broker.answer('metadata')
    return [...this.broker.topics.keys()]
  }

  async fetchTopicMetadata({ topics }: { readonly topics: readonly string[] }) {
    await this.broker.answer('metadata')
    return {
      topics: topics.map((name) => ({
        name,
        partitions: this.broker.topic(name).partitions.map((_, partitionId) => ({ partitionId })),
      })),
    }
  }

  async describeConfigs({ resources }: { readonly resources: readonly { readonly name: string }[] }) {
    await this.broker.answer('describe-configs')
    return {
      resources: resources.map(({ name }) => ({
        resourceName: name,
        configEntries: Object.entries(this.broker.topic(name).settings).map(([configName, configValue]) => ({
          configName,
          configValue,
        })),
      })),
    }
  }

  async createTopics({ topics }: { readonly topics: readonly TopicRequest[] }): Promise<boolean> {
    await this.broker.answer('create-topics')
    for (const { topic, numPartitions, configEntries } of topics) {
      const settings = Object.fromEntries(configEntries.map(({ name, value }) => [name, value]))
      this.broker.createTopic(topic, numPartitions, settings)
      this.broker.journal.push(`create topic ${topic}`)
    }
    return true
  }

  async deleteTopics({ topics }: { readonly topics: readonly string[] }): Promise<void> {
    await this.broker.answer('delete-topics')
    for (const topic of topics) {
      this.broker.topics.delete(topic)
      this.broker.journal.push(`delete topic ${topic}`)
    }
  }
}

class Producer extends Connection {
  async send({ topic, messages }: { readonly topic: string; readonly messages: readonly Message[] }) {
    await this.broker.answer('produce')
    const partitions = [...new Set(messages.map(({ partition = 0 }) => partition))]
    const ends = partitions.map((partition) => String(this.broker.offset(topic, partition, 'end')))
    this.broker.append(topic, ...messages)
    this.broker.journal.push(`produce ${messages.length} to ${topic}`)
    const logAppendTime = this.#appendTime(topic)
    return partitions.map((partition, index) => ({
      topicName: topic,
      partition,
      baseOffset: ends[index],
      logAppendTime,
    }))
  }

  #appendTime(topic: string): string {
    const isStamped = this.broker.topic(topic).settings['message.timestamp.type'] === 'LogAppendTime'
    return String(isStamped ? Date.now() + this.broker.clockAheadMs : -1)
  }
}

interface FetchRequest {
  readonly maxWaitTime: number
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly { readonly partition: number; readonly fetchOffset: string }[]
  }[]
}

interface OffsetsRequest {
  readonly topic: string
  readonly partitions: readonly { readonly partition: number }[]
  readonly fromBeginning?: boolean
  readonly fromTimestamp?: number
}

/** The parts of kafkajs that `kafkajs-internals.ts` describes. */
class Cluster extends Connection {
  readonly #closed = new AbortController()
  readonly #partitions = new Map<string, number>()

  /** The only raw request is that for metadata. */
  readonly brokerPool = {
    seedBroker: {
      connectionPool: {
        send: async ({
          request,
        }: {
          readonly request: { encode(): Promise<{ readonly buffer: Buffer }> }
        }) => {
          const body = new WireReader((await request.encode()).buffer)
          const names = body.array(() => body.string() ?? '')
          await this.broker.answer(names.length === 0 ? 'describe-cluster' : 'metadata')
          return this.broker.metadata(names)
        },
      },
    },
  }

  override async disconnect(): Promise<void> {
    this.#closed.abort(new Error('the connection was closed'))
  }

  async addTargetTopic(topic: string): Promise<void> {
    await this.broker.answer('metadata')
    this.#partitions.set(topic, this.broker.topic(topic).partitions.length)
  }

  async refreshMetadata(): Promise<void> {
    for (const topic of this.#partitions.keys()) await this.addTargetTopic(topic)
  }

  findTopicPartitionMetadata(topic: string) {
    return Array.from({ length: this.#partitions.get(topic) ?? 0 }, (_, partitionId) => ({ partitionId }))
  }

  findLeaderForPartitions(_topic: string, partitions: readonly number[]) {
    return { [NODE_ID]: partitions }
  }

  async findBroker() {
    return { fetch: (request: FetchRequest) => this.#fetch(request) }
  }

  async fetchTopicsOffset(requests: readonly OffsetsRequest[]) {
    await this.broker.answer('list-offsets')
    return requests.map(({ topic, partitions, fromBeginning, fromTimestamp }) => ({
      topic,
      partitions: partitions.map(({ partition }) => ({
        partition,
        offset: String(
          this.broker.offset(topic, partition, fromTimestamp ?? (fromBeginning ? 'begin' : 'end')),
        ),
      })),
    }))
  }

  /** Answers at once if there are records, otherwise once the wait time is over. */
  async #fetch({ topics, maxWaitTime }: FetchRequest) {
    this.#closed.signal.throwIfAborted()
    await this.broker.answer('fetch')
    const read = () =>
      topics.map(({ topic, partitions }) => ({
        topicName: topic,
        partitions: partitions.map(({ partition, fetchOffset }) =>
          this.broker.fetched(topic, partition, BigInt(fetchOffset)),
        ),
      }))
    const isEmpty = read().every(({ partitions }) =>
      partitions.every(({ messages }) => messages.length === 0),
    )
    if (isEmpty) await this.#wait(maxWaitTime)
    return { responses: read() }
  }

  #wait(ms: number): Promise<void> {
    const { signal } = this.#closed
    return new Promise((resolve, reject) => {
      const abort = () => {
        clearTimeout(timer)
        reject(signal.reason)
      }
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', abort)
        resolve()
      }, ms)
      signal.addEventListener('abort', abort)
    })
  }
}

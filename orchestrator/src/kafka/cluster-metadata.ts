import { int32, type WireReader, wireString } from './wire.ts'

// The request for metadata of version 8 (Kafka 2.3), the first that says what a user may do (KIP-430): kafkajs knows version
// 6, and asks for all topics of the cluster, so that a single partition without a leader makes it fail.

/** A topic, and what a user may do with it. */
export interface TopicRights {
  readonly topic: string
  /** Kafka's number of what is wrong with the topic; 0 if nothing is. */
  readonly errorCode: number
  readonly partitions: number
  /** Partitions without a leader at the moment. */
  readonly leaderless: readonly number[]
  /** Undefined if the broker does not say. */
  readonly operations: ReadonlySet<Operation> | undefined
}

export type Operation = keyof typeof OPERATIONS

/** The bits of Kafka's AclOperation. */
export const OPERATIONS = { Read: 3, Write: 4, Describe: 8, DescribeConfigs: 10 } as const
const NOT_SAID = -(2 ** 31)

export const METADATA = { apiKey: 3, apiVersion: 8, apiName: 'Metadata' } as const
export const UNKNOWN_TOPIC = 3
export const TOPIC_AUTHORIZATION_FAILED = 29

/** The body of the request; it creates no topic. */
export const metadataRequest = (topics: readonly string[]): Buffer =>
  Buffer.concat([int32(topics.length), ...topics.map(wireString), Buffer.from([0, 0, 1])])

export interface ClusterMetadata {
  readonly clusterId: string
  /** Undefined while the cluster has none. */
  readonly controller: number | undefined
  /** The addresses that the brokers advertise. */
  readonly brokers: readonly string[]
  readonly topics: readonly TopicRights[]
}

export function readMetadata(answer: WireReader): ClusterMetadata {
  answer.int32()
  const brokers = answer.array(() => {
    answer.int32()
    const address = `${answer.string()}:${answer.int32()}`
    answer.string()
    return address
  })
  const clusterId = answer.string() ?? ''
  const controller = answer.int32()
  return {
    clusterId,
    controller: controller < 0 ? undefined : controller,
    brokers,
    topics: answer.array(() => readTopic(answer)),
  }
}

function readTopic(answer: WireReader): TopicRights {
  const errorCode = answer.int16()
  const topic = answer.string() ?? ''
  answer.boolean()
  const partitions = answer.array(() => readPartition(answer))
  const bits = answer.int32()
  return {
    topic,
    errorCode,
    partitions: partitions.length,
    leaderless: partitions.filter(({ leader }) => leader < 0).map(({ partition }) => partition),
    operations: bits === NOT_SAID ? undefined : operationsOf(bits),
  }
}

function readPartition(answer: WireReader): { readonly partition: number; readonly leader: number } {
  answer.int16()
  const [partition, leader] = [answer.int32(), answer.int32()]
  answer.int32()
  for (let list = 0; list < 3; list += 1) answer.array(() => answer.int32())
  return { partition, leader }
}

const operationsOf = (bits: number): ReadonlySet<Operation> =>
  new Set((Object.keys(OPERATIONS) as Operation[]).filter((name) => bits & (1 << OPERATIONS[name])))

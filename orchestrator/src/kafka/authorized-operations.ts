import Decoder from 'kafkajs/src/protocol/decoder.js'
import Encoder from 'kafkajs/src/protocol/encoder.js'

// The metadata request of version 8, the first that also asks what this user may do with a topic (KIP-430). kafkajs 2.2.4
// stops at version 6. The layout is that of MetadataRequest.json and MetadataResponse.json in Kafka's sources.

const METADATA = 3
const VERSION = 8

/** Kafka's codes of operations (`AclOperation`), which are also the bits of the answer. */
const CODES = { Read: 3, Write: 4, Describe: 8, DescribeConfigs: 10 } as const
export type TopicOperation = keyof typeof CODES

export interface TopicAnswer {
  readonly name: string
  /** Kafka's error code; 0 if the topic can be described. */
  readonly errorCode: number
  readonly operations: ReadonlySet<TopicOperation>
}

/** Asks for these topics, without creating any. Shaped as kafkajs sends requests. */
export const operationsRequest = (topics: readonly string[]) => ({
  request: {
    apiKey: METADATA,
    apiVersion: VERSION,
    apiName: 'Metadata',
    topics,
    encode: async () =>
      new Encoder()
        .writeArray(topics, 'string')
        .writeBoolean(false) // create no topic
        .writeBoolean(false) // not the operations on the cluster
        .writeBoolean(true),
  },
  response: {
    decode: async (raw: Buffer) => topicsIn(new Decoder(raw)),
    parse: async (topics: TopicAnswer[]) => topics,
  },
})

function topicsIn(decoder: Decoder): TopicAnswer[] {
  decoder.readInt32() // throttle time
  decoder.readArray(skipBroker)
  decoder.readString() // cluster id
  decoder.readInt32() // controller id
  return decoder.readArray((topic) => {
    const errorCode = topic.readInt16()
    const name = topic.readString() ?? ''
    topic.readBoolean() // internal
    topic.readArray(skipPartition)
    return { name, errorCode, operations: operationsOf(topic.readInt32()) }
  })
}

function skipBroker(decoder: Decoder): void {
  decoder.readInt32() // id
  decoder.readString() // host
  decoder.readInt32() // port
  decoder.readString() // rack
}

function skipPartition(decoder: Decoder): void {
  decoder.readInt16() // error
  for (let field = 0; field < 3; field++) decoder.readInt32() // partition, leader, leader's epoch
  for (let list = 0; list < 3; list++) decoder.readArray((replica) => replica.readInt32()) // all, in sync, offline
}

const operationsOf = (bits: number): ReadonlySet<TopicOperation> =>
  new Set(
    (Object.keys(CODES) as TopicOperation[]).filter((operation) => (bits & (1 << CODES[operation])) !== 0),
  )

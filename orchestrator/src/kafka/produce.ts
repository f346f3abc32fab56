import type { Producer } from 'kafkajs'
import { CliError } from '../errors.ts'
import type { KafkaAccess } from '../runtime/runtime.ts'
import { withAdmin, withProducer } from './client.ts'
import { kafkaErrorType, translateKafkaError } from './errors.ts'
import { noSuchTopic } from './topic-reader.ts'

/** kafkajs makes one record batch of a request, and a broker takes 1 MiB a batch by default. */
const BATCH_BYTES = 900_000
/** kafkajs groups a request's records in a time that grows with the square of their number: measured best. */
const BATCH_RECORDS = 700
/** Upper bound of what a record takes beside its key and value. */
const RECORD_OVERHEAD = 24
/** Tries for about 30 s, long enough for a broker to restart. */
const RETRIES = 10
/** How long an interrupted send may still take. */
const FLUSH_MS = 2_000

export interface ProduceOptions {
  /** The records' key: all go to one partition, in order. */
  readonly key: string
  /** Ends the sending after what is under way. */
  readonly signal: AbortSignal
  /** Told after each batch how many records are acknowledged by now. */
  readonly onAcknowledged?: (total: number) => void
}

export interface Produced {
  /** Records that Kafka has acknowledged: none of them is lost or doubled. */
  readonly acknowledged: number
  readonly seconds: number
}

/**
 * Sends values in order, acknowledged by all replicas, each once even where a request had to be repeated.
 * @throws CliError KAFKA_UNREACHABLE or KAFKA_REFUSED, saying how many records were acknowledged before.
 */
export async function produceSamples(
  access: KafkaAccess,
  topic: string,
  values: AsyncIterable<readonly Buffer[]>,
  options: ProduceOptions,
): Promise<Produced> {
  await requireTopic(access, topic, options.signal)
  let startedAt = performance.now()
  let acknowledged = 0
  const sendAll = async (producer: Producer) => {
    startedAt = performance.now()
    for await (const some of values)
      for (const batch of batches(some, options.key)) {
        if (options.signal.aborted) return
        const isSent = await sendUnlessInterrupted(producer, topic, batch, options)
        if (!isSent) return
        acknowledged += batch.length
        options.onAcknowledged?.(acknowledged)
      }
  }
  try {
    await withProducer(access, sendAll, { retries: RETRIES })
  } catch (error) {
    const told = translateKafkaError(error, access)
    if (!told?.code.startsWith('KAFKA')) throw error
    throw new CliError(told.code, `${told.message}; ${acknowledged} records were acknowledged before`, {
      ...(told.hint ? { hint: told.hint } : {}),
      cause: error,
    })
  }
  return { acknowledged, seconds: (performance.now() - startedAt) / 1_000 }
}

/** @throws CliError NOT_STARTED that names the topics there are. */
async function requireTopic(access: KafkaAccess, topic: string, signal: AbortSignal): Promise<void> {
  await withAdmin(
    access,
    async (admin) => {
      try {
        await admin.fetchTopicMetadata({ topics: [topic] })
      } catch (error) {
        if (kafkaErrorType(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error
        throw noSuchTopic(topic, access, await admin.listTopics())
      }
    },
    { signal },
  )
}

/** False when the user's interrupt came and the broker did not acknowledge soon after. */
async function sendUnlessInterrupted(
  producer: Producer,
  topic: string,
  messages: Message[],
  { signal }: ProduceOptions,
): Promise<boolean> {
  const sending = producer.send({ topic, messages, acks: -1 }).then(() => true)
  let timer: NodeJS.Timeout | undefined
  let abort = () => {}
  const givenUp = new Promise<boolean>((resolve) => {
    abort = () => {
      timer = setTimeout(() => resolve(false), FLUSH_MS)
    }
    signal.addEventListener('abort', abort, { once: true })
  })
  try {
    return await Promise.race([sending, givenUp])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}

interface Message {
  readonly key: string
  readonly value: Buffer
}

/** Messages in portions that a broker takes in one request. */
export function* batches(
  values: readonly Buffer[],
  key: string,
  limitBytes = BATCH_BYTES,
): Generator<Message[]> {
  const overhead = Buffer.byteLength(key) + RECORD_OVERHEAD
  let batch: Message[] = []
  let bytes = 0
  for (const value of values) {
    const size = value.length + overhead
    if (batch.length === BATCH_RECORDS || (batch.length > 0 && bytes + size > limitBytes)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push({ key, value })
    bytes += size
  }
  if (batch.length > 0) yield batch
}

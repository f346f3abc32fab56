import { CliError } from '../errors.ts'
import type { KafkaAccess } from '../kafka/access.ts'
import type { Producer } from '../kafka/client.ts'
import { withAdmin, withProducer } from '../kafka/client.ts'
import { kafkaErrorType, translateKafkaError } from '../kafka/errors.ts'
import { noSuchTopic } from '../kafka/topic-reader.ts'
import { untilAborted } from '../system/until-aborted.ts'
import { type Packed, portions, RecordPacker } from './record-packer.ts'

/** kafkajs makes one record batch of a request, and a broker takes 1 MiB a batch by default: so no record is larger. */
const REQUEST_BYTES = 900_000
/** kafkajs groups a request's records in a time that grows with the square of their number: measured best. */
const REQUEST_RECORDS = 700
/** Upper bound of what a record takes beside its key and value. */
const RECORD_OVERHEAD = 24
/** Tries for about 30 s, long enough for a broker to restart. */
const RETRIES = 10
/** How long an interrupted send may still take. */
const FLUSH_MS = 2_000

export interface ProduceOptions {
  /** The records' key, and so that of all samples in them: all go to one partition, in order. */
  readonly key: string
  /** Samples a record, 1 by default. */
  readonly batch?: number
  /** Ends the sending after what is under way, and what has already been taken from a source that has ended. */
  readonly signal: AbortSignal
  /** Told after each request how much is acknowledged by now. */
  readonly onAcknowledged?: (samples: number, records: number) => void
}

/** What Kafka has acknowledged: none of it is lost or doubled. */
export interface Produced {
  readonly samples: number
  readonly records: number
  readonly seconds: number
}

/**
 * Sends samples in order, acknowledged by all replicas, each once even where a request had to be repeated.
 * @throws CliError KAFKA_UNREACHABLE or KAFKA_REFUSED, saying how much was acknowledged before.
 */
export async function produceSamples(
  access: KafkaAccess,
  topic: string,
  values: AsyncIterable<readonly Buffer[]>,
  options: ProduceOptions,
): Promise<Produced> {
  await requireTopic(access, topic, options.signal)
  const overhead = Buffer.byteLength(options.key) + RECORD_OVERHEAD
  const packer = new RecordPacker(options.batch ?? 1, REQUEST_BYTES - overhead)
  let startedAt = performance.now()
  let samples = 0
  let records = 0
  /** False when the sending was interrupted before all of it was acknowledged. */
  const send = async (producer: Producer, packed: Iterable<Packed>, mayBegin: () => boolean) => {
    const limits = { records: REQUEST_RECORDS, bytes: REQUEST_BYTES, overhead }
    for (const portion of portions(packed, limits)) {
      if (!mayBegin()) return false
      const messages = portion.map(({ value }) => ({ key: options.key, value }))
      if (!(await sendUnlessInterrupted(producer, topic, messages, options))) return false
      records += portion.length
      samples += portion.reduce((sum, record) => sum + record.samples, 0)
      options.onAcknowledged?.(samples, records)
    }
    return true
  }
  const sendAll = async (producer: Producer) => {
    startedAt = performance.now()
    for await (const some of untilAborted(values, options.signal))
      if (!(await send(producer, packer.add(some), () => !options.signal.aborted))) return
    await send(producer, packer.rest(), () => true)
  }
  try {
    await withProducer(access, sendAll, { retries: RETRIES })
  } catch (error) {
    const told = translateKafkaError(error, access)
    if (!told?.code.startsWith('KAFKA')) throw error
    const before = countText({ samples, records }, options.batch)
    throw new CliError(told.code, `${told.message}; ${before} were acknowledged before`, {
      ...(told.hint ? { hint: told.hint } : {}),
      cause: error,
    })
  }
  return { samples, records, seconds: (performance.now() - startedAt) / 1_000 }
}

/** Records, and the samples in them where those are not the same number. */
export const countText = (
  { samples, records }: { readonly samples: number; readonly records: number },
  batch = 1,
): string => (batch === 1 ? `${records} records` : `${samples} samples in ${records} records`)

/** @throws CliError NO_SUCH_TOPIC that names the topics there are. */
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
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
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

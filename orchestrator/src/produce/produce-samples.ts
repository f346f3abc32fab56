import { CliError } from '../errors.ts'
import type { KafkaAccess } from '../kafka/access.ts'
import { withAdmin } from '../kafka/client.ts'
import {
  isKafkaError,
  isTransient,
  kafkaErrorType,
  noSuchTopic,
  translateKafkaError,
} from '../kafka/errors.ts'
import { type Partitioner, partitionerOf } from '../kafka/partitioner.ts'
import { type Producer, type RecordMetadata, withProducer } from '../kafka/producer.ts'
import { refusedTopic } from '../kafka/refused-topic.ts'
import { untilAborted } from '../system/until-aborted.ts'
import { plural } from '../terminal/units.ts'
import { clockAhead } from './clock.ts'
import type { RecordLine } from './line.ts'
import { groupByRequest, type PackedRecord, RecordPacker, type RequestSizeLimits } from './record-packer.ts'

/** kafkajs makes one record batch per request, and a broker accepts 1 MiB per batch by default. Bounds a record too. */
const REQUEST_BYTES = 900_000
/** kafkajs groups a request's records in time that grows with the square of their number; this size was the fastest. */
const REQUEST_RECORDS = 700
/** Upper bound of a record's bytes apart from its key and value. */
const RECORD_OVERHEAD = 24
/** About 30 s of attempts, long enough for a broker to restart. */
const RETRIES = 10
/** How long a request in flight may still take after an interrupt. */
const FLUSH_MS = 2_000

/** What is sent, and how many of it may be in a record. */
export interface Counting {
  readonly noun: 'sample' | 'line'
  readonly batch: number
}

const ONE_SAMPLE: Counting = { noun: 'sample', batch: 1 }

export interface ProduceOptions {
  /** The key of all records that have none of their own, so that they go to one partition, in order. */
  readonly key: string
  /** One sample per record by default. */
  readonly counting?: Counting
  /**
   * Aborting ends the sending. A request in flight may complete, and a partly filled record is sent if no full one
   * is waiting.
   */
  readonly signal: AbortSignal
  /** Called after each request with the totals so far. */
  readonly onAcknowledged?: (samples: number, records: number) => void
  /**
   * Called after each request with how far this machine's clock is ahead of the broker's, if the topic stamps records by
   * that one. What it throws ends the sending.
   */
  readonly onClock?: (aheadMs: number) => Promise<void>
}

/** What Kafka has acknowledged: none of it is lost or duplicated. */
export interface ProduceResult {
  readonly samples: number
  readonly records: number
  readonly seconds: number
  /** Sent, but not acknowledged when the sending ended: Kafka may have them or not. */
  readonly unacknowledged: number
  /** Where the records are, in the order in which they were sent. */
  readonly ranges: readonly OffsetRange[]
}

/** Offsets of one partition, up to but not including `to`; all records have the same number of samples. */
export interface OffsetRange {
  readonly partition: number
  readonly from: bigint
  readonly to: bigint
  readonly samples: number
}

/**
 * Sends samples in order, acknowledged by all replicas, each exactly once even if a request is repeated.
 * @throws CliError NO_SUCH_TOPIC with the topics that exist; or, if it fails while sending, KAFKA_UNREACHABLE,
 *   KAFKA_REFUSED or NO_SUCH_TOPIC with how much was acknowledged before, and how much more Kafka may have.
 */
export async function produceSamples(
  access: KafkaAccess,
  topic: string,
  values: AsyncIterable<readonly RecordLine[]>,
  options: ProduceOptions,
): Promise<ProduceResult> {
  const partitions = await requireTopic(access, topic, options.signal)
  const sender = new SampleSender(topic, partitionerOf(partitions), options)
  try {
    await withProducer(access, (producer) => sender.sendAll(producer, values), { retries: RETRIES })
  } catch (error) {
    const kafkaError = refusedTopic(error, access, topic, 'Write') ?? translateKafkaError(error, access)
    if (!kafkaError || !isKafkaError(kafkaError)) throw error
    const { code, message, hint } = kafkaError
    const result = sender.result()
    const mayHaveArrived = code !== 'NO_SUCH_TOPIC' && isTransient(error, access)
    const more = mayHaveArrived ? unacknowledgedText(result) : ''
    const { samples } = result
    const before = `${countText(result, options.counting)} ${samples === 1 ? 'was' : 'were'} acknowledged before`
    throw new CliError(code, `${message}; ${before}${more}`, {
      ...(hint ? { hint } : {}),
      cause: error,
    })
  }
  return sender.result()
}

/** The number of samples, and of the records that carry them if a record may carry several. */
export const countText = (
  { samples, records }: { readonly samples: number; readonly records: number },
  { noun, batch }: Counting = ONE_SAMPLE,
): string =>
  batch === 1 ? plural(samples, noun) : `${plural(samples, noun)} in ${plural(records, 'record')}`

/** `; up to 700 more may have arrived`, or nothing. */
export const unacknowledgedText = ({ unacknowledged }: Pick<ProduceResult, 'unacknowledged'>): string =>
  unacknowledged > 0 ? `; up to ${unacknowledged} more may have arrived` : ''

class SampleSender {
  readonly #topic: string
  readonly #options: ProduceOptions
  readonly #partitionOf: Partitioner
  readonly #limits: RequestSizeLimits
  readonly #packer: RecordPacker
  #startedAt = performance.now()
  #samples = 0
  #records = 0
  #unacknowledged = 0
  readonly #ranges = new Ranges()

  constructor(topic: string, partitionOf: Partitioner, options: ProduceOptions) {
    const overhead = Buffer.byteLength(options.key) + RECORD_OVERHEAD
    this.#topic = topic
    this.#partitionOf = partitionOf
    this.#options = options
    this.#limits = { records: REQUEST_RECORDS, bytes: REQUEST_BYTES, overhead }
    this.#packer = new RecordPacker(options.counting?.batch ?? 1, REQUEST_BYTES - overhead)
  }

  async sendAll(producer: Producer, values: AsyncIterable<readonly RecordLine[]>): Promise<void> {
    const { signal } = this.#options
    this.#startedAt = performance.now()
    for await (const some of untilAborted(values, signal))
      if (!(await this.#send(producer, this.#packer.add(some), () => !signal.aborted))) return
    await this.#send(producer, this.#packer.flush(), () => true)
  }

  result(): ProduceResult {
    const seconds = (performance.now() - this.#startedAt) / 1_000
    const [samples, records, unacknowledged] = [this.#samples, this.#records, this.#unacknowledged]
    return { samples, records, unacknowledged, seconds, ranges: this.#ranges.all }
  }

  /** False if the sending was interrupted before all records were acknowledged. */
  async #send(producer: Producer, records: Iterable<PackedRecord>, maySend: () => boolean): Promise<boolean> {
    const { signal, onAcknowledged } = this.#options
    for (const request of groupByRequest(records, this.#limits)) {
      if (!maySend()) return false
      const messages = request.map((record) => this.#toMessage(record))
      const samples = request.reduce((sum, record) => sum + record.samples, 0)
      this.#unacknowledged = samples
      const sentMs = Date.now()
      const sending = producer.send({ topic: this.#topic, messages, acks: -1 })
      const metadata = await doneSoonAfterAbort(sending, signal)
      if (!metadata) return false
      this.#records += request.length
      this.#samples += samples
      this.#unacknowledged = 0
      onAcknowledged?.(this.#samples, this.#records)
      this.#ranges.add(metadata, messages, request)
      await this.#compareClocks(metadata, sentMs)
    }
    return true
  }

  #toMessage({ value, key = this.#options.key }: PackedRecord): Message {
    return { key, value, partition: this.#partitionOf(key) }
  }

  async #compareClocks([metadata]: readonly RecordMetadata[], sentMs: number): Promise<void> {
    const appendedMs = Number(metadata?.logAppendTime ?? -1)
    if (appendedMs >= 0) await this.#options.onClock?.(clockAhead(sentMs, Date.now(), appendedMs))
  }
}

/** A record as it is sent. */
interface Message {
  readonly key: string
  readonly value: Buffer
  readonly partition: number
}

/** Where records are: as few ranges of each partition as their numbers of samples allow. */
class Ranges {
  readonly all: OffsetRange[] = []
  /** The place of each partition's last range in `all`. */
  readonly #last = new Map<number, number>()

  add(
    metadata: readonly RecordMetadata[],
    messages: readonly Message[],
    records: readonly PackedRecord[],
  ): void {
    for (const { partition, baseOffset } of metadata) {
      let offset = BigInt(baseOffset ?? -1)
      if (offset < 0n) continue
      for (const [index, { samples }] of records.entries())
        if (messages[index]?.partition === partition) {
          this.#addRecord({ partition, from: offset, to: offset + 1n, samples })
          offset += 1n
        }
    }
  }

  #addRecord(record: OffsetRange): void {
    const at = this.#last.get(record.partition)
    const last = at === undefined ? undefined : this.all[at]
    if (at !== undefined && last && continues(last, record))
      this.all[at] = { ...last, to: record.to, samples: last.samples + record.samples }
    else this.#last.set(record.partition, this.all.push(record) - 1)
  }
}

const continues = (last: OffsetRange, next: OffsetRange): boolean =>
  last.to === next.from && last.samples === next.samples * Number(last.to - last.from)

/**
 * The number of partitions.
 * @throws CliError NO_SUCH_TOPIC with the topics that exist.
 */
function requireTopic(access: KafkaAccess, topic: string, signal: AbortSignal): Promise<number> {
  return withAdmin(
    access,
    async (admin) => {
      try {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
        return topics[0]?.partitions.length ?? 1
      } catch (error) {
        if (kafkaErrorType(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error
        throw noSuchTopic(topic, access, await admin.listTopics())
      }
    },
    { signal },
  )
}

/** What the broker answers; undefined if that takes longer than `FLUSH_MS` after the signal aborts. */
async function doneSoonAfterAbort<T>(sending: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  let abort = () => {}
  const gaveUp = new Promise<undefined>((resolve) => {
    abort = () => {
      timer = setTimeout(() => resolve(undefined), FLUSH_MS)
    }
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
  try {
    return await Promise.race([sending, gaveUp])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}

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
import { type Producer, type RecordMetadata, withProducer } from '../kafka/producer.ts'
import { untilAborted } from '../system/until-aborted.ts'
import { plural } from '../terminal/units.ts'
import { clockAhead } from './clock.ts'
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

export interface ProduceOptions {
  /** The key of all records, so that they go to one partition, in order. */
  readonly key: string
  /** Samples per record; 1 by default. */
  readonly batch?: number
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
  values: AsyncIterable<readonly Buffer[]>,
  options: ProduceOptions,
): Promise<ProduceResult> {
  await requireTopic(access, topic, options.signal)
  const sender = new SampleSender(topic, options)
  try {
    await withProducer(access, (producer) => sender.sendAll(producer, values), { retries: RETRIES })
  } catch (error) {
    const kafkaError = translateKafkaError(error, access)
    if (!kafkaError || !isKafkaError(kafkaError)) throw error
    const { code, message, hint } = kafkaError
    const result = sender.result()
    const mayHaveArrived = code !== 'NO_SUCH_TOPIC' && isTransient(error, access)
    const more = mayHaveArrived ? unacknowledgedText(result) : ''
    const { samples } = result
    const before = `${countText(result, options.batch)} ${samples === 1 ? 'was' : 'were'} acknowledged before`
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
  batch = 1,
): string =>
  batch === 1 ? plural(samples, 'sample') : `${plural(samples, 'sample')} in ${plural(records, 'record')}`

/** `; up to 700 more may have arrived`, or nothing. */
export const unacknowledgedText = ({ unacknowledged }: Pick<ProduceResult, 'unacknowledged'>): string =>
  unacknowledged > 0 ? `; up to ${unacknowledged} more may have arrived` : ''

class SampleSender {
  readonly #topic: string
  readonly #options: ProduceOptions
  readonly #limits: RequestSizeLimits
  readonly #packer: RecordPacker
  #startedAt = performance.now()
  #samples = 0
  #records = 0
  #unacknowledged = 0
  readonly #ranges: OffsetRange[] = []

  constructor(topic: string, options: ProduceOptions) {
    const overhead = Buffer.byteLength(options.key) + RECORD_OVERHEAD
    this.#topic = topic
    this.#options = options
    this.#limits = { records: REQUEST_RECORDS, bytes: REQUEST_BYTES, overhead }
    this.#packer = new RecordPacker(options.batch ?? 1, REQUEST_BYTES - overhead)
  }

  async sendAll(producer: Producer, values: AsyncIterable<readonly Buffer[]>): Promise<void> {
    const { signal } = this.#options
    this.#startedAt = performance.now()
    for await (const some of untilAborted(values, signal))
      if (!(await this.#send(producer, this.#packer.add(some), () => !signal.aborted))) return
    await this.#send(producer, this.#packer.flush(), () => true)
  }

  result(): ProduceResult {
    const seconds = (performance.now() - this.#startedAt) / 1_000
    const [samples, records, unacknowledged] = [this.#samples, this.#records, this.#unacknowledged]
    return { samples, records, unacknowledged, seconds, ranges: this.#ranges }
  }

  /** False if the sending was interrupted before all records were acknowledged. */
  async #send(producer: Producer, records: Iterable<PackedRecord>, maySend: () => boolean): Promise<boolean> {
    const { key, signal, onAcknowledged } = this.#options
    for (const request of groupByRequest(records, this.#limits)) {
      if (!maySend()) return false
      const messages = request.map(({ value }) => ({ key, value }))
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
      this.#remember(metadata, request.length, samples)
      await this.#compareClocks(metadata, sentMs)
    }
    return true
  }

  /** All records have one key, so a request goes to one partition. */
  #remember([metadata]: readonly RecordMetadata[], records: number, samples: number): void {
    if (!metadata) return
    const { partition, baseOffset } = metadata
    const from = BigInt(baseOffset ?? -1)
    const range = { partition, from, to: from + BigInt(records), samples }
    const last = this.#ranges.at(-1)
    if (last && continues(last, range))
      this.#ranges[this.#ranges.length - 1] = { ...range, from: last.from, samples: last.samples + samples }
    else if (from >= 0n) this.#ranges.push(range)
  }

  async #compareClocks([metadata]: readonly RecordMetadata[], sentMs: number): Promise<void> {
    const appendedMs = Number(metadata?.logAppendTime ?? -1)
    if (appendedMs >= 0) await this.#options.onClock?.(clockAhead(sentMs, Date.now(), appendedMs))
  }
}

const continues = (last: OffsetRange, next: OffsetRange): boolean =>
  last.partition === next.partition &&
  last.to === next.from &&
  last.samples * Number(next.to - next.from) === next.samples * Number(last.to - last.from)

/** @throws CliError NO_SUCH_TOPIC with the topics that exist. */
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

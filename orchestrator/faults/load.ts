import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel, Partitioners, type Producer } from 'kafkajs'
import { readTopic } from '../e2e/helpers/kafka.ts'
import type { Sample } from '../e2e/helpers/oracle.ts'
import { toLine } from '../e2e/helpers/samples.ts'
import type { Random } from './random.ts'

const TICK_MS = 100
const SEND_TIMEOUT_MS = 5_000
const RETRY_MS = 300

/** One record of the load. Its key is a number that no other record has, by which it is found again in the topic. */
interface Sent {
  readonly key: string
  readonly value: string
  /** Undefined for a record that the job must reject. */
  readonly sample?: Sample
  /** The sample is so old that its window has been final for long. */
  readonly isLate?: boolean
  readonly partition?: number
}

/**
 * Sends live samples at a steady rate and records what the broker acknowledged. A record whose acknowledgement was lost
 * is looked for in the topic before it is sent again, so that each record is there exactly once.
 */
export class Load {
  readonly #broker: string
  readonly #topic: string
  readonly #perTick: number
  readonly #random: Random
  readonly #samples: Sample[] = []
  #late = 0
  #bad = 0
  /** Where the records begin, by partition, that the broker may have and that are not acknowledged yet. */
  readonly #unconfirmedFrom = new Map<number, number>()
  #waiting: Sent[] = []
  #created = 0
  #producer: Producer | undefined
  #isFlowing = false
  #onlyTo: number | undefined
  #brokerAheadMs = 0
  #isHeld = false
  #isClosed = false
  #failure: unknown
  readonly #loop: Promise<void>

  constructor(broker: string, topic: string, samplesPerSecond: number, random: Random) {
    this.#broker = broker
    this.#topic = topic
    this.#perTick = Math.max(1, Math.round((samplesPerSecond * TICK_MS) / 1_000))
    this.#random = random
    this.#loop = this.#run().catch((error: unknown) => {
      this.#failure = error
    })
  }

  /** Number of records that the broker has. */
  get acknowledged(): number {
    return this.#samples.length + this.#late + this.#bad
  }

  /** The acknowledged samples that were on time. */
  get samples(): readonly Sample[] {
    return this.#samples
  }

  get late(): number {
    return this.#late
  }

  get bad(): number {
    return this.#bad
  }

  /** By how much the broker's clock is ahead of this one, by the records that it has stamped last. */
  get brokerAheadMs(): number {
    return this.#brokerAheadMs
  }

  /** Lets samples flow; into one partition only, if one is given. */
  resume(onlyTo?: number): void {
    this.#isFlowing = true
    this.#onlyTo = onlyTo
  }

  /** Creates no more samples, and returns when all of them are acknowledged. @throws Error at the deadline. */
  async pause(timeoutMs = 90_000): Promise<void> {
    this.#isFlowing = false
    const deadline = performance.now() + timeoutMs
    while (this.#waiting.length > 0) {
      if (this.#failure) throw this.#failure
      if (performance.now() > deadline)
        throw new Error(`${this.#waiting.length} records were not acknowledged within ${timeoutMs / 1_000} s`)
      await sleep(20)
    }
  }

  /** Sends nothing for some time; the samples of that time follow at once. */
  async hold(ms: number): Promise<void> {
    this.#isHeld = true
    await sleep(ms)
    this.#isHeld = false
  }

  /** Records that the job must reject, each for a reason of its own. */
  sendBad(): number {
    const values = [
      '',
      'abc,1',
      `${Date.now()}`,
      `${Date.now()},NaN`,
      `${Date.now()},1e400`,
      '-5,5',
      '1700000000,5',
    ]
    for (const value of values) this.#add({ key: this.#nextKey(), value })
    return values.length
  }

  /** Samples of an hour ago. */
  sendLate(count: number): void {
    const hourAgo = Date.now() - 3_600_000
    for (let index = 0; index < count; index += 1) this.#addSample(hourAgo + index, { isLate: true })
  }

  /** Samples of now, all of them into one partition, whether or not others flow. */
  sendTo(partition: number, count: number): void {
    for (let index = 0; index < count; index += 1) this.#addSample(Date.now(), { partition })
  }

  /** A new connection, which knows the partitions that the topic has by now. */
  reconnect(): void {
    void this.#disconnect()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#loop
    await this.#disconnect()
  }

  #nextKey(): string {
    this.#created += 1
    return String(this.#created)
  }

  #add(record: Sent): void {
    this.#waiting.push(record)
  }

  #addSample(timeMs: number, options: { isLate?: boolean; partition?: number } = {}): void {
    // Mostly normal, with a stretch of high values every half a minute.
    const high = timeMs % 30_000 < 2_000 ? 15 : 0
    const sample = { timeMs, cpu: Math.round((10 + 9 * this.#random.next() + high) * 100) / 100 }
    this.#add({ key: this.#nextKey(), value: toLine(sample), sample, ...options })
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      if (this.#isFlowing)
        for (let index = 0; index < this.#perTick; index += 1)
          this.#addSample(Date.now(), this.#onlyTo === undefined ? {} : { partition: this.#onlyTo })
      if (this.#waiting.length > 0 && !this.#isHeld) await this.#flush()
      await sleep(TICK_MS)
    }
  }

  async #flush(): Promise<void> {
    const batch = this.#waiting.slice(0, 1_000)
    try {
      this.#producer ??= await this.#connect()
      const written = await this.#producer.send({
        topic: this.#topic,
        acks: -1,
        messages: batch.map(({ key, value, partition }) => ({
          key,
          value,
          ...(partition === undefined ? {} : { partition }),
        })),
      })
      // The first of these records, which is acknowledged: what comes after it may be read twice, and hurts nobody.
      for (const { partition, baseOffset } of written)
        this.#unconfirmedFrom.set(partition, Number(baseOffset))
      this.#brokerAheadMs = Number(written[0]?.logAppendTime ?? Number.NaN) - Date.now()
      this.#confirm(batch)
    } catch {
      await this.#disconnect()
      await this.#confirmWritten(batch)
    }
  }

  /** After a failed send the outcome is unknown: what the topic has of it counts as acknowledged. */
  async #confirmWritten(batch: readonly Sent[]): Promise<void> {
    while (!this.#isClosed)
      try {
        const newest = await readTopic(this.#broker, this.#topic, this.#unconfirmedFrom)
        const keys = new Set(newest.map(({ key }) => key))
        return this.#confirm(batch.filter(({ key }) => keys.has(key)))
      } catch {
        await sleep(RETRY_MS)
      }
  }

  #confirm(written: readonly Sent[]): void {
    const done = new Set(written)
    for (const { sample, isLate } of written)
      if (!sample) this.#bad += 1
      else if (isLate) this.#late += 1
      else this.#samples.push(sample)
    this.#waiting = this.#waiting.filter((record) => !done.has(record))
  }

  async #connect(): Promise<Producer> {
    const kafka = new Kafka({
      brokers: [this.#broker],
      logLevel: logLevel.NOTHING,
      connectionTimeout: 2_000,
      requestTimeout: SEND_TIMEOUT_MS,
      retry: { initialRetryTime: 100, maxRetryTime: 500, retries: 3 },
    })
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: { initialRetryTime: 100, maxRetryTime: 500, retries: 3 },
    })
    await producer.connect()
    return producer
  }

  async #disconnect(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    await producer?.disconnect().catch(() => {})
  }
}

import type { KafkaAccess } from '../kafka/access.ts'
import { isTransient } from '../kafka/errors.ts'
import type { Offsets } from '../kafka/position.ts'
import { TopicReader } from '../kafka/topic-reader.ts'
import { type ReadUpTo, UnreadRecords } from '../query/unread.ts'

/** How long the input topic must not grow if no job reports its position. */
const IDLE_MS = 1_500
/** Shorter if a job does: the results of everything that it has committed are in the output topic. */
const IDLE_WITH_JOB_MS = 600
const CHECK_EVERY_MS = 250

/** Returns where the job has read up to in the input topic; undefined if no job runs. */
export type PositionOf = () => Promise<ReadUpTo | undefined>

/** The latest activity of the stream. */
export interface StreamActivity {
  /** For how long the input topic has not grown, in ms. */
  readonly inputIdleMs: number
  /** For how long no result has been written, in ms. */
  readonly resultsIdleMs: number
  /** Records of the input topic that the job has yet to read; undefined if unknown. */
  readonly lag: number | undefined
}

/**
 * Is the stream idle for so long that no window will change, although no newer window closes them? A sample of the newest
 * window may come until the window and the delay have passed: `settleMs`.
 */
export function isIdle({ inputIdleMs, resultsIdleMs, lag }: StreamActivity, settleMs: number): boolean {
  const enough = lag === undefined ? IDLE_MS : IDLE_WITH_JOB_MS
  return inputIdleMs >= enough && resultsIdleMs >= Math.max(settleMs, enough) && (lag ?? 0) === 0
}

/** Watches the input topic, the results and the job's lag for activity. */
export class IdleWatch {
  readonly #access: KafkaAccess
  readonly #inputTopic: string
  readonly #positionOf: PositionOf
  readonly #unread = new UnreadRecords()
  readonly #settleMs: number
  readonly #signal: AbortSignal
  #reader: TopicReader | undefined
  #ends = ''
  #inputGrewAt = 0
  #checkedAt = Number.NEGATIVE_INFINITY
  #resultsWrittenAt = Number.NEGATIVE_INFINITY

  /** `settleMs`: how long the results must have been idle, that is a window and the delay of late samples. */
  constructor(
    access: KafkaAccess,
    inputTopic: string,
    positionOf: PositionOf,
    settleMs: number,
    signal: AbortSignal,
  ) {
    this.#access = access
    this.#inputTopic = inputTopic
    this.#positionOf = positionOf
    this.#settleMs = settleMs
    this.#signal = signal
  }

  /** Takes the time, in Kafka, of a result that has arrived: those of a finished stream need no further wait. */
  resultWritten(timestampMs: number): void {
    const ageMs = timestampMs > 0 ? Math.max(Date.now() - timestampMs, 0) : 0
    this.#resultsWrittenAt = Math.max(this.#resultsWrittenAt, performance.now() - ageMs)
  }

  /** Checks at most once per 250 ms; false in between, while results arrive, and while the broker is away. */
  async isIdle(): Promise<boolean> {
    const resultsIdleMs = () => performance.now() - this.#resultsWrittenAt
    if (resultsIdleMs() < this.#settleMs || performance.now() - this.#checkedAt < CHECK_EVERY_MS) return false
    this.#checkedAt = performance.now()
    const ends = await this.#ask((reader) => reader.ends())
    if (!ends) return false
    const now = performance.now()
    const text = [...ends].join()
    if (text !== this.#ends) this.#inputGrewAt = now
    this.#ends = text
    const inputIdleMs = now - this.#inputGrewAt
    if (inputIdleMs < IDLE_WITH_JOB_MS) return false
    const lag = await this.#lag(ends)
    return isIdle({ inputIdleMs, resultsIdleMs: resultsIdleMs(), lag }, this.#settleMs)
  }

  close(): void {
    this.#reader?.close()
    this.#reader = undefined
  }

  /** Of records before these ends; infinite while the broker is away. */
  async #lag(ends: Offsets): Promise<number | undefined> {
    const read = await this.#positionOf()
    if (!read) return undefined
    const lag = await this.#ask((reader) => this.#unread.count(reader, read, ends))
    return lag ?? Number.POSITIVE_INFINITY
  }

  /** Undefined while the broker is away. */
  async #ask<T>(question: (reader: TopicReader) => Promise<T>): Promise<T | undefined> {
    try {
      this.#reader ??= await TopicReader.open(this.#access, this.#inputTopic, { signal: this.#signal })
      return await question(this.#reader)
    } catch (error) {
      this.close()
      this.#signal.throwIfAborted()
      if (isTransient(error, this.#access)) return undefined
      throw error
    }
  }
}

import type { KafkaAccess } from '../kafka/access.ts'
import { isTransient } from '../kafka/errors.ts'
import type { Offsets } from '../kafka/position.ts'
import { TopicReader, type TopicRecord } from '../kafka/topic-reader.ts'
import { type ReadUpTo, UnreadRecords } from '../query/unread.ts'

/** How long the input topic must not grow: the results of all that is committed are in the output topic by then. */
const IDLE_MS = 600
const CHECK_EVERY_MS = 250

/** Returns where the job has read up to in the input topic; undefined if that is not known. */
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
 * window may come until the window and the delay have passed: `settleMs`. What is unread may belong to any window, also if
 * no job runs that would read it now.
 */
export const isIdle = ({ inputIdleMs, resultsIdleMs, lag }: StreamActivity, settleMs: number): boolean =>
  lag === 0 && inputIdleMs >= IDLE_MS && resultsIdleMs >= Math.max(settleMs, IDLE_MS)

/** What keeps a stream on which nothing happens from being idle. */
export interface Rest {
  /** Records of the input topic that no job has read; undefined if unknown. */
  readonly unread: number | undefined
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
  /** All results that were there when tail began have been read. */
  #isAtEnd = false
  #rest: Rest | undefined

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

  /**
   * Takes the results of one poll, which may be empty. Those that were there before are as old as their time in Kafka
   * says: a finished stream needs no further wait. Later ones have just been written, whatever the broker's clock says.
   */
  resultsRead(results: readonly Pick<TopicRecord, 'timestampMs'>[]): void {
    if (results.length === 0) this.#isAtEnd = true
    for (const { timestampMs } of results) {
      const ageMs = timestampMs > 0 && !this.#isAtEnd ? Math.max(Date.now() - timestampMs, 0) : 0
      this.#resultsWrittenAt = Math.max(this.#resultsWrittenAt, performance.now() - ageMs)
    }
  }

  /** Checks at most once per 250 ms; false in between, while results arrive, and while the broker is away. */
  async isIdle(): Promise<boolean> {
    this.#rest = undefined
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
    if (inputIdleMs < IDLE_MS) return false
    const lag = await this.#lag(ends)
    if (lag !== 0) this.#rest = { unread: lag }
    return isIdle({ inputIdleMs, resultsIdleMs: resultsIdleMs(), lag }, this.#settleMs)
  }

  /** What the last call found; undefined if it did not look, or found the stream idle. */
  get rest(): Rest | undefined {
    return this.#rest
  }

  close(): void {
    this.#reader?.close()
    this.#reader = undefined
  }

  /** Of records before these ends; undefined if unknown. */
  async #lag(ends: Offsets): Promise<number | undefined> {
    const read = await this.#positionOf()
    return read && this.#ask((reader) => this.#unread.count(reader, read, ends))
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

import { isAtRest } from '../anomaly/finality.ts'
import type { KafkaAccess } from '../kafka/access.ts'
import { isTransient } from '../kafka/errors.ts'
import type { Offsets } from '../kafka/position.ts'
import { TopicReader } from '../kafka/topic-reader.ts'

/** Where no job tells how far it is. */
const SETTLE_MS = 1_500
/** Where one does: what it has read and committed is in the output topic already. */
const SETTLE_WITH_LAG_MS = 600
const LOOK_EVERY_MS = 250

/** Records of the input topic, which ends there, that the job has still to read; undefined where nobody can tell. */
export type Lag = (inputEnds: Offsets) => Promise<number | undefined>

/** Watches whether anything still moves: the input topic, the results, the job. */
export class RestWatch {
  readonly #access: KafkaAccess
  readonly #inputTopic: string
  readonly #lag: Lag
  readonly #signal: AbortSignal
  #reader: TopicReader | undefined
  #ends = ''
  #inputMovedAt = 0
  #lookedAt = 0
  #resultsMovedAt = Date.now()

  constructor(access: KafkaAccess, inputTopic: string, lag: Lag, signal: AbortSignal) {
    this.#access = access
    this.#inputTopic = inputTopic
    this.#lag = lag
    this.#signal = signal
  }

  resultsMoved(): void {
    this.#resultsMovedAt = Date.now()
  }

  /** Looks at most every 250 ms; between two looks, and while the broker is away, nothing is at rest. */
  async isAtRest(): Promise<boolean> {
    if (Date.now() - this.#lookedAt < LOOK_EVERY_MS) return false
    this.#lookedAt = Date.now()
    const ends = await this.#inputEnds()
    if (!ends) return false
    const now = Date.now()
    const text = [...ends].join()
    if (text !== this.#ends) this.#inputMovedAt = now
    this.#ends = text
    const still = { inputStillMs: now - this.#inputMovedAt, resultsStillMs: now - this.#resultsMovedAt }
    if (!isAtRest({ ...still, lag: undefined }, SETTLE_WITH_LAG_MS)) return false
    const lag = await this.#lag(ends)
    return isAtRest({ ...still, lag }, lag === undefined ? SETTLE_MS : SETTLE_WITH_LAG_MS)
  }

  close(): void {
    this.#reader?.close()
    this.#reader = undefined
  }

  async #inputEnds(): Promise<Offsets | undefined> {
    try {
      this.#reader ??= await TopicReader.open(this.#access, this.#inputTopic, { signal: this.#signal })
      return await this.#reader.ends()
    } catch (error) {
      this.close()
      this.#signal.throwIfAborted()
      if (isTransient(error, this.#access)) return undefined
      throw error
    }
  }
}

import type { KafkaAccess } from '../kafka/access.ts'
import { isTransient } from '../kafka/errors.ts'
import type { Offsets } from '../kafka/position.ts'
import { TopicReader } from '../kafka/topic-reader.ts'

/** How long the stream must be idle if no job reports its lag. */
const IDLE_MS = 1_500
/** Shorter if a job reports its lag: the results of everything that it has committed are in the output topic. */
const IDLE_WITH_LAG_MS = 600
const CHECK_EVERY_MS = 250

/** Returns how many records before these ends of the input topic the job has yet to read; undefined if no job runs. */
export type LagOf = (inputEnds: Offsets) => Promise<number | undefined>

/** The latest activity of the stream. */
export interface StreamActivity {
  /** For how long the input topic has not grown, in ms. */
  readonly inputIdleMs: number
  /** For how long no result has arrived, in ms. */
  readonly resultsIdleMs: number
  /** Records of the input topic that the job has yet to read; undefined if unknown. */
  readonly lag: number | undefined
}

/** Is the stream idle for so long that no window will change, although no newer window closes them? */
export function isIdle({ inputIdleMs, resultsIdleMs, lag }: StreamActivity, idleMs: number): boolean {
  return inputIdleMs >= idleMs && resultsIdleMs >= idleMs && (lag ?? 0) === 0
}

/** Watches the input topic, the results and the job's lag for activity. */
export class IdleWatch {
  readonly #access: KafkaAccess
  readonly #inputTopic: string
  readonly #lagOf: LagOf
  readonly #signal: AbortSignal
  #reader: TopicReader | undefined
  #ends = ''
  #inputGrewAt = 0
  #checkedAt = Number.NEGATIVE_INFINITY
  #resultsArrivedAt = performance.now()

  constructor(access: KafkaAccess, inputTopic: string, lagOf: LagOf, signal: AbortSignal) {
    this.#access = access
    this.#inputTopic = inputTopic
    this.#lagOf = lagOf
    this.#signal = signal
  }

  resultsArrived(): void {
    this.#resultsArrivedAt = performance.now()
  }

  /** Checks at most once per 250 ms; false in between, and while the broker is away. */
  async isIdle(): Promise<boolean> {
    if (performance.now() - this.#checkedAt < CHECK_EVERY_MS) return false
    this.#checkedAt = performance.now()
    const ends = await this.#inputEnds()
    if (!ends) return false
    const now = performance.now()
    const text = [...ends].join()
    if (text !== this.#ends) this.#inputGrewAt = now
    this.#ends = text
    const idle = { inputIdleMs: now - this.#inputGrewAt, resultsIdleMs: now - this.#resultsArrivedAt }
    if (!isIdle({ ...idle, lag: undefined }, IDLE_WITH_LAG_MS)) return false
    const lag = await this.#lagOf(ends)
    return isIdle({ ...idle, lag }, lag === undefined ? IDLE_MS : IDLE_WITH_LAG_MS)
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

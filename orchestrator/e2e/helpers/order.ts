import type { Mode } from './modes.ts'

/** A result as it stands in the output topic. */
export interface Written {
  readonly key: string
  readonly count: number
  /** When the broker appended it. */
  readonly appendedMs: number
  /**
   * The id of its producer. All tasks of a JVM share one producer, so each driver of the local runtime has an id of its
   * own, and on a cluster each executor; no clock has to be believed to tell them apart.
   */
  readonly producerId: string
}

/** A writer reads again what the one before it had not committed: the last micro-batch, or the last interval. */
const REPLAY_MS = 20_000

/**
 * Judges O3 and O4 over the results in offset order. A *writer* is one producer. Between the results of one writer, the
 * count of a window only rises. Where a new writer begins, and only there, it may write again what the one before it had
 * written last: a micro-batch exactly, so its counts never fall; in real-time mode the counts since the interval began.
 * When a writer has begun, those before it have ended for good.
 *
 * Several executors of one driver take turns, and the tasks of one that is lost run again on any of the others: then a
 * result may be written again by another writer than before, at any time.
 */
export class OrderJudge {
  /** O3: counts that fell. */
  readonly falls: string[] = []
  /** O4: results that were written again. */
  readonly repeats: string[] = []
  readonly #mode: Mode
  readonly #executors: number
  readonly #last = new Map<string, { readonly count: number; readonly writer: string }>()
  /** By writer, when the broker appended its first result. */
  readonly #begun = new Map<string, number>()
  readonly #replaying = new Set<string>()
  #writer: string | undefined

  /** `executors`: how many of them write at the same time. */
  constructor(mode: Mode, executors = 1) {
    this.#mode = mode
    this.#executors = executors
  }

  get writers(): number {
    return this.#begun.size
  }

  /** Writers that wrote again what was there. */
  get replays(): number {
    return this.#replaying.size
  }

  see(written: Written): void {
    this.#seeWriter(written)
    this.#seeCount(written)
    this.#last.set(written.key, { count: written.count, writer: written.producerId })
  }

  #seeWriter({ producerId, appendedMs, key }: Written): void {
    if (producerId === this.#writer) return
    if (!(Number.parseInt(producerId, 10) >= 0)) this.repeats.push(`who wrote ${key} cannot be told`)
    if (!this.#begun.has(producerId)) this.#begun.set(producerId, appendedMs)
    else if (this.#executors === 1)
      this.repeats.push(`producer ${producerId} wrote ${key} after producer ${this.#writer} had begun`)
    this.#writer = producerId
  }

  #seeCount(written: Written): void {
    const { key, count, producerId } = written
    const before = this.#last.get(key)
    if (!before || count > before.count) return
    if (this.#mayReplay(written, before)) {
      this.#replaying.add(producerId)
      return
    }
    const seen = `${key} has ${count} samples after it had ${before.count} (producers ${producerId}, ${before.writer})`
    if (count === before.count) this.repeats.push(seen)
    else this.falls.push(seen)
  }

  #mayReplay(
    { count, producerId, appendedMs }: Written,
    before: { readonly count: number; readonly writer: string },
  ): boolean {
    const begunMs = this.#begun.get(producerId) ?? appendedMs
    if (producerId === before.writer) return false
    if (this.#executors === 1 && appendedMs - begunMs > REPLAY_MS) return false
    return this.#mode === 'real-time' || count === before.count
  }
}

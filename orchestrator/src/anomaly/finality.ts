import { type AnomalyRecord, byWindow, windowKey, windowStartMs } from './record.ts'

export interface FinalityOptions {
  readonly windowMs: number
  readonly watermarkMs: number
}

// A batch is written by several tasks: its parts may arrive this far apart, in any order.
const BATCH_SPREAD_MS = 1_000

/**
 * Which windows can no longer change, told from the results alone. A window is closed once the job's watermark has
 * passed its end; the watermark trails the newest sample by `watermarkMs` and is taken into use one batch later.
 * The newest sample is at least as new as the newest window's start: a window far enough behind it is final once a
 * result of a later batch was seen.
 */
export class FinalWindows {
  readonly #options: FinalityOptions
  readonly #pending = new Map<string, AnomalyRecord>()
  readonly #shown = new BoundedMap<string>()
  /** How far the newest window's start had come when; oldest first. */
  #progress: { readonly atMs: number; readonly newestStartMs: number }[] = []

  constructor(options: FinalityOptions) {
    this.#options = options
  }

  /** Windows that are not shown yet. */
  get pending(): number {
    return this.#pending.size
  }

  /** Takes the results of one poll (none, perhaps) and returns the windows that became final by it, in order. */
  add(records: readonly AnomalyRecord[], nowMs: number): AnomalyRecord[] {
    if (records.length === 0) return []
    for (const record of records) this.#take(record)
    const closedBy = this.#advance(records, nowMs)
    return this.#release((record) => isClosed(windowStartMs(record), closedBy, this.#options))
  }

  /** The stream is at rest: what is pending will not change. */
  settle(): AnomalyRecord[] {
    return this.#release(() => true)
  }

  #take(record: AnomalyRecord): void {
    const key = windowKey(record)
    // The last record of a key is its value: the same again is nothing new, another one is shown again.
    if (this.#shown.get(key) === JSON.stringify(record)) this.#pending.delete(key)
    else this.#pending.set(key, record)
  }

  /** Start of the newest window that an earlier batch brought. */
  #advance(records: readonly AnomalyRecord[], nowMs: number): number {
    const known = this.#progress.at(-1)?.newestStartMs ?? Number.NEGATIVE_INFINITY
    const newestStartMs = records.reduce((newest, record) => Math.max(newest, windowStartMs(record)), known)
    const settled = this.#progress.findLast(({ atMs }) => atMs <= nowMs - BATCH_SPREAD_MS)
    this.#progress = this.#progress.filter((step) => step === settled || step.atMs > nowMs - BATCH_SPREAD_MS)
    this.#progress.push({ atMs: nowMs, newestStartMs })
    return settled?.newestStartMs ?? Number.NEGATIVE_INFINITY
  }

  #release(isFinal: (record: AnomalyRecord) => boolean): AnomalyRecord[] {
    const released = [...this.#pending.values()].filter(isFinal).sort(byWindow)
    for (const record of released) {
      this.#pending.delete(windowKey(record))
      this.#shown.set(windowKey(record), JSON.stringify(record))
    }
    return released
  }
}

/** Two windows of margin: the newest sample's place in its window, and the batch that the watermark lags. */
export function isClosed(
  startMs: number,
  newestStartMs: number,
  { windowMs, watermarkMs }: FinalityOptions,
): boolean {
  return startMs <= newestStartMs - watermarkMs - 2 * windowMs
}

/** What is known of the stream's movement. */
export interface Movement {
  /** Since when the input topic has not grown, in ms. */
  readonly inputStillMs: number
  /** Since when no result came, in ms. */
  readonly resultsStillMs: number
  /** Records of the input topic that the job has still to read; undefined where nobody can tell. */
  readonly lag: number | undefined
}

/** Has the stream come to rest, so that windows do not change although no newer one pushes them out? */
export function isAtRest({ inputStillMs, resultsStillMs, lag }: Movement, settleMs: number): boolean {
  return inputStillMs >= settleMs && resultsStillMs >= settleMs && (lag ?? 0) === 0
}

const SHOWN_LIMIT = 100_000

/** A map that forgets what was set longest ago, so that a tail of many days does not grow for ever. */
export class BoundedMap<V> {
  readonly #entries = new Map<string, V>()
  readonly #limit: number

  constructor(limit = SHOWN_LIMIT) {
    this.#limit = limit
  }

  get(key: string): V | undefined {
    return this.#entries.get(key)
  }

  set(key: string, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#limit) return
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }
}

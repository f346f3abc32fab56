import { type AnomalyRecord, byWindow, windowKey, windowStartMs } from './record.ts'
import { WindowUpdates } from './updates.ts'

export interface FinalityOptions {
  readonly windowMs: number
  readonly watermarkMs: number
  /** How long a batch of real-time mode lasts, whose results come while it does; 0 (the default) for micro-batches. */
  readonly intervalMs?: number
}

// A micro-batch is written by several tasks: its parts may arrive this far apart, in any order.
const BATCH_SPREAD_MS = 1_000

/**
 * Which windows can no longer change, told from the results alone. A window is closed once the job's watermark has
 * passed its end; the watermark trails the newest sample by `watermarkMs` and is taken into use one batch later.
 * The newest sample is at least as new as the newest window's start: a window far enough behind it is final once a
 * result of a later batch was seen. In real-time mode results come while their batch lasts, and the next one has begun
 * once an interval has passed. Progress lines are not needed for it: they come once an interval and may be replayed.
 */
export class FinalWindows {
  readonly #options: FinalityOptions
  readonly #pending = new Map<string, AnomalyRecord>()
  readonly #updates = new WindowUpdates()
  readonly #spreadMs: number
  #closedBy = Number.NEGATIVE_INFINITY
  /** How far the newest window's start had come when; oldest first. */
  #progress: { readonly atMs: number; readonly newestStartMs: number }[] = []

  constructor(options: FinalityOptions) {
    this.#options = options
    this.#spreadMs = BATCH_SPREAD_MS + (options.intervalMs ?? 0)
  }

  /** Windows that are not shown yet. */
  get pending(): number {
    return this.#pending.size
  }

  /** Takes the results of one poll (none, perhaps) and returns the windows that became final by it, in order. */
  add(records: readonly AnomalyRecord[], nowMs: number): AnomalyRecord[] {
    if (records.length === 0) return []
    const taken = records.filter((record) => this.#take(record))
    const before = this.#closedBy
    this.#closedBy = this.#advance(records, nowMs)
    // Unless more became closed, only what came just now can be: there may be very many pending.
    const candidates =
      this.#closedBy > before
        ? this.#pending.values()
        : taken.map((record) => this.#pending.get(windowKey(record)))
    return this.#release(candidates, (record) =>
      isClosed(windowStartMs(record), this.#closedBy, this.#options),
    )
  }

  /** The stream is at rest: what is pending will not change. */
  settle(): AnomalyRecord[] {
    return this.#release(this.#pending.values(), () => true)
  }

  /** True for news. A window that has grown after it was shown is shown again. */
  #take(record: AnomalyRecord): boolean {
    if (this.#updates.take(record).kind === 'old') return false
    this.#pending.set(windowKey(record), record)
    return true
  }

  /** Start of the newest window that an earlier batch brought. */
  #advance(records: readonly AnomalyRecord[], nowMs: number): number {
    const known = this.#progress.at(-1)?.newestStartMs ?? Number.NEGATIVE_INFINITY
    const newestStartMs = records.reduce((newest, record) => Math.max(newest, windowStartMs(record)), known)
    const settled = this.#progress.findLast(({ atMs }) => atMs <= nowMs - this.#spreadMs)
    this.#progress = this.#progress.filter((step) => step === settled || step.atMs > nowMs - this.#spreadMs)
    if (newestStartMs > known) this.#progress.push({ atMs: nowMs, newestStartMs })
    return settled?.newestStartMs ?? Number.NEGATIVE_INFINITY
  }

  #release(
    candidates: Iterable<AnomalyRecord | undefined>,
    isFinal: (record: AnomalyRecord) => boolean,
  ): AnomalyRecord[] {
    const released = new Set<AnomalyRecord>()
    for (const record of candidates) if (record && isFinal(record)) released.add(record)
    for (const record of released) this.#pending.delete(windowKey(record))
    return [...released].sort(byWindow)
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

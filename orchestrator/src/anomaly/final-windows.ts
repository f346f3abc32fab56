import { byWindow, type WindowResult, windowKey, windowStartMs } from './result.ts'
import { BoundedMap, haveSameValues, valuesOf, type WindowValues } from './window-updates.ts'

export interface FinalityOptions {
  readonly windowMs: number
  readonly watermarkMs: number
  /** How long a batch of real-time mode lasts, which writes results as it runs; 0 (the default) for micro-batches. */
  readonly intervalMs?: number
}

// Several tasks write a micro-batch: its parts may arrive this far apart, in any order.
const BATCH_SPREAD_MS = 1_000

/**
 * Decides from the results alone which windows can no longer change. A window is closed once the job's watermark has
 * passed its end. The watermark trails the newest sample by `watermarkMs`, or more while the job reads a backlog, and
 * takes effect one batch later. The newest sample is at least as new as the start of the newest window, so a window far
 * enough behind that start is final once a result of a later batch has arrived. In real-time mode a batch writes results as it runs, and the next batch has
 * begun once an interval has passed. The driver's progress lines are not needed for this: in real-time mode they
 * appear once per interval, and a restart may repeat them.
 *
 * The last result of a window wins. One with fewer samples than an earlier one may belong to a replay, which soon
 * reaches the earlier number again: it is final only if it is still the last one a batch later.
 */
export class FinalWindows {
  #options: FinalityOptions
  readonly #pending = new Map<string, PendingWindow>()
  /** Keys of the pending windows that have fewer samples than they had before. */
  readonly #behind = new Set<string>()
  #known = new BoundedMap<KnownWindow>()
  #closedUpTo = Number.NEGATIVE_INFINITY
  /** Start of the newest window over time, oldest entry first. */
  #progress: { readonly atMs: number; readonly newestStartMs: number }[] = []

  constructor(options: FinalityOptions) {
    this.#options = options
  }

  /** The job begins anew, on a new checkpoint: what is pending can change until the new watermark has passed it. */
  restart(intervalMs: number): void {
    this.#options = { ...this.#options, intervalMs }
    this.#behind.clear()
    this.#known = new BoundedMap()
    this.#closedUpTo = Number.NEGATIVE_INFINITY
    this.#progress = []
  }

  /** Number of windows that may still change. */
  get pending(): number {
    return this.#pending.size
  }

  /**
   * Takes the results of one poll, which may be empty, and returns the windows that it made final, in order. `delayMs`:
   * by how much the watermark trails now, if that is more than usual.
   */
  add(results: readonly WindowResult[], nowMs: number, delayMs = this.#options.watermarkMs): WindowResult[] {
    for (const result of results) this.#take(result, nowMs)
    const before = this.#closedUpTo
    if (results.length > 0)
      this.#closedUpTo = lastClosed(this.#advance(results, nowMs), this.#options.windowMs, delayMs)
    // If no further window was closed, only these can be final: very many may be pending.
    const candidates =
      this.#closedUpTo > before ? this.#pending.keys() : [...results.map(windowKey), ...this.#behind]
    return this.#release(candidates, (window) => this.#isFinal(window, nowMs))
  }

  /** Returns all pending windows, in order. For an idle stream: they will not change. */
  flush(): WindowResult[] {
    return this.#release(this.#pending.keys(), () => true)
  }

  #take(result: WindowResult, atMs: number): void {
    const key = windowKey(result)
    const known = this.#known.get(key)
    const isRepeat = known !== undefined && haveSameValues(result, known.values)
    const isBehind = known !== undefined && result.count < known.values.count
    if (isRepeat && known.isReleased) this.#pending.delete(key)
    else this.#pending.set(key, { result, atMs })
    if (isBehind) this.#behind.add(key)
    else this.#behind.delete(key)
    if (!isBehind && !isRepeat) this.#known.set(key, { values: valuesOf(result), isReleased: false })
  }

  #isFinal({ result, atMs }: PendingWindow, nowMs: number): boolean {
    if (windowStartMs(result) > this.#closedUpTo) return false
    return atMs <= nowMs - this.#spreadMs || !this.#behind.has(windowKey(result))
  }

  /** How far apart the results of one batch may arrive. */
  get #spreadMs(): number {
    return BATCH_SPREAD_MS + (this.#options.intervalMs ?? 0)
  }

  /** Returns the start of the newest window of all earlier batches. */
  #advance(results: readonly WindowResult[], nowMs: number): number {
    const known = this.#progress.at(-1)?.newestStartMs ?? Number.NEGATIVE_INFINITY
    const newestStartMs = results.reduce((newest, result) => Math.max(newest, windowStartMs(result)), known)
    const earlier = this.#progress.findLast(({ atMs }) => atMs <= nowMs - this.#spreadMs)
    this.#progress = this.#progress.filter((step) => step === earlier || step.atMs > nowMs - this.#spreadMs)
    if (newestStartMs > known) this.#progress.push({ atMs: nowMs, newestStartMs })
    return earlier?.newestStartMs ?? Number.NEGATIVE_INFINITY
  }

  #release(keys: Iterable<string>, isFinal: (window: PendingWindow) => boolean): WindowResult[] {
    const released: WindowResult[] = []
    for (const key of keys) {
      const window = this.#pending.get(key)
      if (!window || !isFinal(window)) continue
      this.#pending.delete(key)
      this.#behind.delete(key)
      this.#known.set(key, { values: valuesOf(window.result), isReleased: true })
      released.push(window.result)
    }
    return released.sort(byWindow)
  }
}

interface PendingWindow {
  readonly result: WindowResult
  /** When it arrived. */
  readonly atMs: number
}

interface KnownWindow {
  /** The last values that were not behind earlier ones. */
  readonly values: WindowValues
  readonly isReleased: boolean
}

/**
 * The start of the last window that is closed. Keeps a margin of two windows: the newest sample's place in its window,
 * and the batch by which the watermark lags.
 */
export const lastClosed = (newestStartMs: number, windowMs: number, delayMs: number): number =>
  newestStartMs - delayMs - 2 * windowMs

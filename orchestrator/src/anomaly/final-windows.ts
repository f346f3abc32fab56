import { byWindow, type WindowResult, windowKey, windowStartMs } from './result.ts'
import { WindowUpdates } from './window-updates.ts'

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
 * passed its end. The watermark trails the newest sample by `watermarkMs` and takes effect one batch later. The newest
 * sample is at least as new as the start of the newest window, so a window far enough behind that start is final once
 * a result of a later batch has arrived. In real-time mode a batch writes results as it runs, and the next batch has
 * begun once an interval has passed. The driver's progress lines are not needed for this: in real-time mode they
 * appear once per interval, and a restart may repeat them.
 */
export class FinalWindows {
  readonly #options: FinalityOptions
  readonly #pending = new Map<string, WindowResult>()
  readonly #updates = new WindowUpdates()
  readonly #spreadMs: number
  #closedBy = Number.NEGATIVE_INFINITY
  /** Start of the newest window over time, oldest entry first. */
  #progress: { readonly atMs: number; readonly newestStartMs: number }[] = []

  constructor(options: FinalityOptions) {
    this.#options = options
    this.#spreadMs = BATCH_SPREAD_MS + (options.intervalMs ?? 0)
  }

  /** Number of windows that may still change. */
  get pending(): number {
    return this.#pending.size
  }

  /** Takes the results of one poll, which may be empty, and returns the windows that it made final, in order. */
  add(results: readonly WindowResult[], nowMs: number): WindowResult[] {
    if (results.length === 0) return []
    const taken = results.filter((result) => this.#take(result))
    const before = this.#closedBy
    this.#closedBy = this.#advance(results, nowMs)
    // If no further window was closed, only the results of this poll can be final: very many may be pending.
    const candidates =
      this.#closedBy > before
        ? this.#pending.values()
        : taken.map((result) => this.#pending.get(windowKey(result)))
    return this.#release(candidates, (result) =>
      isClosed(windowStartMs(result), this.#closedBy, this.#options),
    )
  }

  /** Returns all pending windows, in order. For an idle stream: they will not change. */
  flush(): WindowResult[] {
    return this.#release(this.#pending.values(), () => true)
  }

  /** False for a repeat. A window that grew after it was released becomes pending again. */
  #take(result: WindowResult): boolean {
    if (this.#updates.take(result).kind === 'old') return false
    this.#pending.set(windowKey(result), result)
    return true
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

  #release(
    candidates: Iterable<WindowResult | undefined>,
    isFinal: (result: WindowResult) => boolean,
  ): WindowResult[] {
    const released = new Set<WindowResult>()
    for (const result of candidates) if (result && isFinal(result)) released.add(result)
    for (const result of released) this.#pending.delete(windowKey(result))
    return [...released].sort(byWindow)
  }
}

/** Keeps a margin of two windows: the newest sample's place in its window, and the batch by which the watermark lags. */
export function isClosed(
  startMs: number,
  newestStartMs: number,
  { windowMs, watermarkMs }: FinalityOptions,
): boolean {
  return startMs <= newestStartMs - watermarkMs - 2 * windowMs
}

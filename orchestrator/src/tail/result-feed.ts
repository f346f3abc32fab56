import type { FinalWindows } from '../anomaly/final-windows.ts'
import { byWindow, STATUSES, type Status, type WindowResult, windowKey } from '../anomaly/result.ts'
import { BoundedMap, haveSameValues, valuesOf, type WindowValues } from '../anomaly/window-updates.ts'

export interface FeedOptions {
  /** The statuses to show; a shown window that leaves them is shown once more. */
  readonly wanted: ReadonlySet<Status>
  /** A window is shown once it has this many samples, or is final. */
  readonly minSamples: number
  /**
   * `updates`: each update of a window, for programs. `changes`: a window when its status changes, and when it is final
   * with other values than those shown, for a person: in real-time mode a window changes with every sample. `final`: a
   * window once it is final.
   */
  readonly shows: 'updates' | 'changes' | 'final'
}

/**
 * Decides which results a tail shows, and when. The last result of a window wins. One with fewer samples than an
 * earlier one may belong to a replay, so it waits until the window is final.
 */
export class ResultFeed {
  readonly #options: FeedOptions
  readonly #windows: FinalWindows
  readonly #known = new BoundedMap<KnownWindow>()
  /** Keys of the windows with too few samples. */
  readonly #waiting = new Set<string>()
  #hidden = 0
  /** Counts the checkpoints. */
  #life = 0

  constructor(options: FeedOptions, windows: FinalWindows) {
    this.#options = options
    this.#windows = windows
  }

  /** Number of windows that were not shown because of their status. */
  get hidden(): number {
    return this.#hidden
  }

  /** Number of windows that may have to be shown once they are final. */
  get pending(): number {
    return this.#windows.pending
  }

  /** The statuses that are not shown. */
  get unwanted(): ReadonlySet<Status> {
    return new Set(STATUSES.filter((status) => !this.#options.wanted.has(status)))
  }

  /** Number of windows that wait for more samples, or to be final. */
  get waiting(): number {
    return this.#options.shows === 'final' ? this.pending : this.#waiting.size
  }

  /** The job begins anew, on a new checkpoint: its windows grow from their first sample again. */
  restart(intervalMs: number): void {
    this.#windows.restart(intervalMs)
    this.#waiting.clear()
    this.#life += 1
  }

  /** Takes the results of one poll and returns those to show now, in the order of their windows; see `FinalWindows`. */
  take(results: readonly WindowResult[], nowMs: number, delayMs?: number): WindowResult[] {
    const final = this.#windows.add(results, nowMs, delayMs)
    const accepted = results.filter((result) => this.#accept(result))
    const early = this.#options.shows === 'changes' ? lastOfEach(accepted) : accepted
    return [
      ...early.filter((result) => this.#show(result, false)),
      ...final.filter((result) => this.#show(result, true)),
    ].sort(byWindow)
  }

  /** Returns those of the pending windows to show. For an idle stream: they will not change. */
  flush(): WindowResult[] {
    return this.#windows.flush().filter((result) => this.#show(result, true))
  }

  /** Is it news that need not wait until the window is final? */
  #accept(result: WindowResult): boolean {
    if (this.#options.shows === 'final') return false
    const key = windowKey(result)
    const known = this.#known.get(key)
    const isKnown = known?.life === this.#life
    if (!isKnown && result.count < this.#options.minSamples) this.#waiting.add(key)
    if (result.count < (isKnown ? known.newest.count : this.#options.minSamples)) return false
    if (known && haveSameValues(result, known.newest)) return false
    this.#update(result, known)
    return true
  }

  #show(result: WindowResult, isFinal: boolean): boolean {
    const known = this.#known.get(windowKey(result))
    const isShown = this.#isNews(result, known?.shown, isFinal)
    this.#update(result, known, isShown)
    return isShown
  }

  #isNews(result: WindowResult, shown: WindowValues | undefined, isFinal: boolean): boolean {
    const { wanted, shows } = this.#options
    if (!shown) return wanted.has(result.status)
    if (!wanted.has(result.status) && !wanted.has(shown.status)) return false
    return (
      result.status !== shown.status || ((isFinal || shows === 'updates') && !haveSameValues(result, shown))
    )
  }

  #update(result: WindowResult, before: KnownWindow | undefined, isShown = false): void {
    const newest = valuesOf(result)
    const shown = isShown ? newest : before?.shown
    const isHidden = !shown && !this.#options.wanted.has(result.status)
    this.#hidden += Number(isHidden) - Number(before?.isHidden ?? false)
    this.#known.set(windowKey(result), { newest, shown, isHidden, life: this.#life })
    this.#waiting.delete(windowKey(result))
  }
}

interface KnownWindow {
  readonly newest: WindowValues
  /** As it was last shown. */
  readonly shown: WindowValues | undefined
  readonly isHidden: boolean
  /** The checkpoint that it was last seen in. */
  readonly life: number
}

const lastOfEach = (results: readonly WindowResult[]): WindowResult[] => [
  ...new Map(results.map((result) => [windowKey(result), result])).values(),
]

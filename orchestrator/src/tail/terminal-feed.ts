import type { FinalWindows } from '../anomaly/final-windows.ts'
import { type Status, type WindowResult, windowKey } from '../anomaly/result.ts'
import { BoundedMap, type WindowSnapshot } from '../anomaly/window-updates.ts'
import { type ResultFeed, UpdateFeed } from './result-feed.ts'

/**
 * For a terminal: a window when it first has a wanted status, when its status changes, and when it is final with a
 * value other than the one shown. In real-time mode a window changes with every sample, far too often to read. The
 * results that one poll returns for a window count as one change.
 */
export class TerminalFeed implements ResultFeed {
  readonly #updates: UpdateFeed
  readonly #wanted: ReadonlySet<Status>
  readonly #windows: FinalWindows
  readonly #shown = new BoundedMap<WindowSnapshot>()

  constructor(wanted: ReadonlySet<Status>, windows: FinalWindows) {
    this.#updates = new UpdateFeed(wanted)
    this.#wanted = wanted
    this.#windows = windows
  }

  get hidden(): number {
    return this.#updates.hidden
  }

  get pending(): number {
    return this.#windows.pending
  }

  take(results: readonly WindowResult[], nowMs: number): WindowResult[] {
    const last = new Map(this.#updates.take(results).map((result) => [windowKey(result), result]))
    const changed = this.#select([...last.values()], (result, shown) =>
      shown ? result.status !== shown.status : this.#wanted.has(result.status),
    )
    return [...changed, ...this.#selectFinal(this.#windows.add(results, nowMs))]
  }

  flush(): WindowResult[] {
    return this.#selectFinal(this.#windows.flush())
  }

  #selectFinal(results: readonly WindowResult[]): WindowResult[] {
    return this.#select(
      results.filter(({ status }) => this.#wanted.has(status)),
      (result, shown) => result.count !== shown?.count,
    )
  }

  #select(
    results: readonly WindowResult[],
    isNew: (result: WindowResult, shown: WindowSnapshot | undefined) => boolean,
  ): WindowResult[] {
    const selected = results.filter((result) => isNew(result, this.#shown.get(windowKey(result))))
    for (const result of selected)
      this.#shown.set(windowKey(result), { status: result.status, count: result.count })
    return selected
  }
}

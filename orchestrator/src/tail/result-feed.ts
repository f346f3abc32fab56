import type { FinalWindows } from '../anomaly/final-windows.ts'
import type { Status, WindowResult } from '../anomaly/result.ts'
import { WindowUpdates } from '../anomaly/window-updates.ts'

/** Decides which results a tail shows, and when. */
export interface ResultFeed {
  /** Takes the results of one poll and returns those to show now. */
  take(results: readonly WindowResult[], nowMs: number): WindowResult[]
  /** Number of windows that were not shown because of their status, for the live line. */
  readonly hidden: number
  /** Number of windows that may have to be shown once they are final. */
  readonly pending: number
  /** Returns those of the pending windows to show. For an idle stream: they will not change. */
  flush(): WindowResult[]
}

/** For programs: each update of a window with a wanted status, and the update by which a shown window loses it. */
export class UpdateFeed implements ResultFeed {
  readonly #wanted: ReadonlySet<Status>
  readonly #updates = new WindowUpdates()
  readonly pending = 0
  #hidden = 0

  constructor(wanted: ReadonlySet<Status>) {
    this.#wanted = wanted
  }

  get hidden(): number {
    return this.#hidden
  }

  take(results: readonly WindowResult[]): WindowResult[] {
    return results.filter((result) => {
      const { kind, before } = this.#updates.take(result)
      if (kind === 'old') return false
      const isWanted = this.#wanted.has(result.status)
      const wasShown = before !== undefined && this.#wanted.has(before.status)
      if (kind === 'first' && !isWanted) this.#hidden += 1
      if (kind === 'changed' && isWanted && !wasShown) this.#hidden -= 1
      return isWanted || wasShown
    })
  }

  flush(): WindowResult[] {
    return []
  }
}

/** Each window with a wanted status once, when it is final. */
export class FinalFeed implements ResultFeed {
  readonly #wanted: ReadonlySet<Status>
  readonly #windows: FinalWindows
  #hidden = 0

  constructor(wanted: ReadonlySet<Status>, windows: FinalWindows) {
    this.#wanted = wanted
    this.#windows = windows
  }

  get hidden(): number {
    return this.#hidden
  }

  get pending(): number {
    return this.#windows.pending
  }

  take(results: readonly WindowResult[], nowMs: number): WindowResult[] {
    return this.#select(this.#windows.add(results, nowMs))
  }

  flush(): WindowResult[] {
    return this.#select(this.#windows.flush())
  }

  #select(results: readonly WindowResult[]): WindowResult[] {
    const shown = results.filter(({ status }) => this.#wanted.has(status))
    this.#hidden += results.length - shown.length
    return shown
  }
}

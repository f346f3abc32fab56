import { byWindow, type WindowResult, windowEndMs, windowKey, windowStartMs } from '../anomaly/result.ts'
import type { Span } from './burst.ts'

interface ArrivedResult {
  readonly result: WindowResult
  /** Epoch milliseconds. */
  readonly arrivedMs: number
}

/** The latest result of every window, as the compacted output topic keeps it, and when it arrived. */
export class LatestResults {
  readonly #windows = new Map<string, ArrivedResult>()
  #samples = 0

  add(results: readonly WindowResult[], nowMs: number): void {
    for (const result of results) {
      const key = windowKey(result)
      const before = this.#windows.get(key)?.result
      if (before?.count === result.count && before.mean === result.mean) continue // a repeat
      this.#samples += result.count - (before?.count ?? 0)
      this.#windows.set(key, { result, arrivedMs: nowMs })
    }
  }

  /** Number of samples counted in all windows together. */
  get samples(): number {
    return this.#samples
  }

  /** Number of windows. */
  get windows(): number {
    return this.#windows.size
  }

  /** Of the windows that are wholly in the span, in order of time. */
  inside(span: Span): WindowResult[] {
    return this.#arrivedInside(span).map(({ result }) => result)
  }

  /**
   * Milliseconds from end to arrival of the latest result, for each window that is wholly in the span; negative if it
   * came before the end, as it can once the window's last sample has.
   */
  latencies(span: Span): number[] {
    return this.#arrivedInside(span).map(({ result, arrivedMs }) => arrivedMs - windowEndMs(result))
  }

  #arrivedInside({ fromMs, untilMs }: Span): ArrivedResult[] {
    return [...this.#windows.values()]
      .filter(({ result }) => windowStartMs(result) >= fromMs && windowEndMs(result) <= untilMs)
      .sort((a, b) => byWindow(a.result, b.result))
  }
}

import { STATUSES, type Status, type WindowResult, windowKey, windowStartMs } from '../anomaly/result.ts'

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

  countByStatus(): Record<Status, number> {
    const counts = { SAFE: 0, WARN: 0, ERROR: 0 }
    for (const { result } of this.#windows.values()) counts[result.status] += 1
    return counts
  }

  /** Number of windows that are not SAFE. */
  get anomalies(): number {
    const counts = this.countByStatus()
    return STATUSES.reduce((sum, status) => sum + (status === 'SAFE' ? 0 : counts[status]), 0)
  }

  /** Means, in percent and in order of time, of the windows that start in this span; the end is exclusive. */
  means(fromMs: number, untilMs: number): number[] {
    return this.#startingIn(fromMs, untilMs).map(({ result }) => result.mean)
  }

  /** Milliseconds from end to arrival of the latest result, for each window that starts at `fromMs` or later. */
  latencies(fromMs: number): number[] {
    return this.#startingIn(fromMs, Number.POSITIVE_INFINITY).map(
      ({ result, arrivedMs }) => arrivedMs - Date.parse(result.window.end),
    )
  }

  #startingIn(fromMs: number, untilMs: number): ArrivedResult[] {
    return [...this.#windows.values()]
      .filter(({ result }) => windowStartMs(result) >= fromMs && windowStartMs(result) < untilMs)
      .sort((a, b) => windowStartMs(a.result) - windowStartMs(b.result))
  }
}

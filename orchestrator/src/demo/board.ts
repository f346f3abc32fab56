import { STATUSES, type Status, type WindowResult, windowKey, windowStartMs } from '../anomaly/result.ts'

interface Seen {
  readonly record: WindowResult
  /** When its last change came. */
  readonly atMs: number
}

/** The newest value of every window, and when it came: what the compacted topic comes to. */
export class Board {
  readonly #windows = new Map<string, Seen>()
  #samples = 0

  take(records: readonly WindowResult[], nowMs: number): void {
    for (const record of records) {
      const key = windowKey(record)
      const before = this.#windows.get(key)?.record
      if (before?.count === record.count && before.mean === record.mean) continue // the same again
      this.#samples += record.count - (before?.count ?? 0)
      this.#windows.set(key, { record, atMs: nowMs })
    }
  }

  /** Samples that all windows together count. */
  get samples(): number {
    return this.#samples
  }

  get windows(): number {
    return this.#windows.size
  }

  countBy(): Record<Status, number> {
    const counts = { SAFE: 0, WARN: 0, ERROR: 0 }
    for (const { record } of this.#windows.values()) counts[record.status] += 1
    return counts
  }

  get anomalies(): number {
    const counts = this.countBy()
    return STATUSES.reduce((sum, status) => sum + (status === 'SAFE' ? 0 : counts[status]), 0)
  }

  /** The windows' means in order of time, between two times. */
  means(fromMs: number, untilMs: number): number[] {
    return this.#between(fromMs, untilMs).map(({ record }) => record.mean)
  }

  /** From the end of each window to the arrival of its last value, in ms, for windows that start from this time on. */
  latencies(fromMs: number): number[] {
    return this.#between(fromMs, Number.POSITIVE_INFINITY).map(
      ({ record, atMs }) => atMs - Date.parse(record.window.end),
    )
  }

  #between(fromMs: number, untilMs: number): Seen[] {
    return [...this.#windows.values()]
      .filter(({ record }) => windowStartMs(record) >= fromMs && windowStartMs(record) < untilMs)
      .sort((a, b) => windowStartMs(a.record) - windowStartMs(b.record))
  }
}

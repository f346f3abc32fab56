import type { FinalWindows } from '../anomaly/finality.ts'
import { type AnomalyRecord, type Status, windowKey } from '../anomaly/record.ts'
import { BoundedMap } from '../anomaly/updates.ts'
import { ChangingResults, type ResultFeed } from './results.ts'

/**
 * For a person: a window when it first has a wanted status, when its status changes, and when it is final with other
 * values than those shown. In real-time mode a window changes with every sample, far too often to read. What one poll
 * brings of a window counts as one change.
 */
export class ReadableResults implements ResultFeed {
  readonly #changes: ChangingResults
  readonly #wanted: ReadonlySet<Status>
  readonly #windows: FinalWindows
  readonly #shown = new BoundedMap<Pick<AnomalyRecord, 'status' | 'count'>>()

  constructor(wanted: ReadonlySet<Status>, windows: FinalWindows) {
    this.#changes = new ChangingResults(wanted)
    this.#wanted = wanted
    this.#windows = windows
  }

  get hidden(): number {
    return this.#changes.hidden
  }

  get pending(): number {
    return this.#windows.pending
  }

  take(records: readonly AnomalyRecord[], nowMs: number): AnomalyRecord[] {
    const last = new Map(this.#changes.take(records).map((record) => [windowKey(record), record]))
    const changed = this.#show([...last.values()], (record, shown) =>
      shown ? record.status !== shown.status : this.#wanted.has(record.status),
    )
    return [...changed, ...this.#finals(this.#windows.add(records, nowMs))]
  }

  settle(): AnomalyRecord[] {
    return this.#finals(this.#windows.settle())
  }

  #finals(records: readonly AnomalyRecord[]): AnomalyRecord[] {
    return this.#show(
      records.filter(({ status }) => this.#wanted.has(status)),
      (record, shown) => record.count !== shown?.count,
    )
  }

  #show(
    records: readonly AnomalyRecord[],
    isNews: (record: AnomalyRecord, shown: Pick<AnomalyRecord, 'status' | 'count'> | undefined) => boolean,
  ): AnomalyRecord[] {
    const news = records.filter((record) => isNews(record, this.#shown.get(windowKey(record))))
    for (const record of news)
      this.#shown.set(windowKey(record), { status: record.status, count: record.count })
    return news
  }
}

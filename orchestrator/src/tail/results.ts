import type { FinalWindows } from '../anomaly/finality.ts'
import { type AnomalyRecord, parseRecord, type Status } from '../anomaly/record.ts'
import { WindowUpdates } from '../anomaly/updates.ts'
import type { TopicRecord } from '../kafka/topic-reader.ts'

/** What a tail of results shows: windows as they change, or each once it is final. */
export interface ResultFeed {
  /** Takes what one poll brought and returns what is to be shown now. */
  take(records: readonly AnomalyRecord[], nowMs: number): AnomalyRecord[]
  /** Windows that are SAFE and not shown, for the live line. */
  readonly hidden: number
  /** Windows of which something is to be shown once they are final. */
  readonly pending: number
  /** The stream is at rest: what is pending is shown now. */
  settle(): AnomalyRecord[]
}

/** Every change of a window with a wanted status, and the change of a shown window to another one: for programs. */
export class ChangingResults implements ResultFeed {
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

  take(records: readonly AnomalyRecord[]): AnomalyRecord[] {
    return records.filter((record) => {
      const { kind, before } = this.#updates.take(record)
      if (kind === 'old') return false
      const isWanted = this.#wanted.has(record.status)
      const wasShown = before !== undefined && this.#wanted.has(before.status)
      if (kind === 'first' && !isWanted) this.#hidden += 1
      if (kind === 'changed' && isWanted && !wasShown) this.#hidden -= 1
      return isWanted || wasShown
    })
  }

  settle(): AnomalyRecord[] {
    return []
  }
}

/** Each window with a wanted status once, when it is final; `settle` when the stream is at rest. */
export class FinalResults implements ResultFeed {
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

  take(records: readonly AnomalyRecord[], nowMs: number): AnomalyRecord[] {
    return this.#select(this.#windows.add(records, nowMs))
  }

  settle(): AnomalyRecord[] {
    return this.#select(this.#windows.settle())
  }

  #select(records: readonly AnomalyRecord[]): AnomalyRecord[] {
    const shown = records.filter(({ status }) => this.#wanted.has(status))
    this.#hidden += records.length - shown.length
    return shown
  }
}

const MENTIONED = 5

/** Reads the results among a topic's records; mentions the first few that are none. */
export class ResultReader {
  #unreadable = 0
  readonly #warn: (line: string) => void

  constructor(warn: (line: string) => void) {
    this.#warn = warn
  }

  read(records: readonly TopicRecord[]): AnomalyRecord[] {
    return records.flatMap((record) => {
      const parsed = parseRecord(record.value)
      if (parsed.ok) return [parsed.record]
      this.#mention(record, parsed.why)
      return []
    })
  }

  #mention({ partition, offset }: TopicRecord, why: string): void {
    this.#unreadable += 1
    if (this.#unreadable > MENTIONED) return
    const more = this.#unreadable === MENTIONED ? ' (no further ones are mentioned)' : ''
    this.#warn(`the record at partition ${partition}, offset ${offset} is no result: ${why}${more}`)
  }
}

import { type AnomalyRecord, type Status, windowKey } from './record.ts'

export interface Update {
  /** `old`: no more samples than before, as what a restart replays has. */
  readonly kind: 'first' | 'changed' | 'old'
  /** What the window was before; undefined for `first`. */
  readonly before: Seen | undefined
}

export interface Seen {
  readonly count: number
  readonly status: Status
}

/**
 * Tells what is new of a window from what was seen of it before. A window's count only grows: a record that has no more
 * samples than one before it is a repeat of the past, written by a restart that begins again at its last commit.
 */
export class WindowUpdates {
  readonly #seen: BoundedMap<Seen>

  constructor(limit?: number) {
    this.#seen = new BoundedMap(limit)
  }

  take(record: AnomalyRecord): Update {
    const key = windowKey(record)
    const before = this.#seen.get(key)
    if (before && record.count <= before.count) return { kind: 'old', before }
    this.#seen.set(key, { count: record.count, status: record.status })
    return { kind: before ? 'changed' : 'first', before }
  }
}

/** About 30 MB; a replay that reaches further back than so many windows is shown again. */
const LIMIT = 200_000

/** A map that forgets what was set longest ago, so that a tail of many days does not grow for ever. */
export class BoundedMap<V> {
  readonly #entries = new Map<string, V>()
  readonly #limit: number

  constructor(limit = LIMIT) {
    this.#limit = limit
  }

  get(key: string): V | undefined {
    return this.#entries.get(key)
  }

  set(key: string, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#limit) return
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }
}

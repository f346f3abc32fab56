import { BoundedMap } from './finality.ts'
import { type AnomalyRecord, windowKey } from './record.ts'

export interface Update {
  /** `old`: the same again, or fewer samples than before, as a replayed batch brings them. */
  readonly kind: 'first' | 'changed' | 'old'
  readonly before: AnomalyRecord | undefined
}

/** Tells what is new of a window from what was seen of it before. */
export class WindowUpdates {
  readonly #seen = new BoundedMap<AnomalyRecord>()

  take(record: AnomalyRecord): Update {
    const key = windowKey(record)
    const before = this.#seen.get(key)
    if (before && (record.count < before.count || JSON.stringify(record) === JSON.stringify(before)))
      return { kind: 'old', before }
    this.#seen.set(key, record)
    return { kind: before ? 'changed' : 'first', before }
  }
}

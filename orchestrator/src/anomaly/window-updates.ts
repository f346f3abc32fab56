import { type WindowResult, windowKey } from './result.ts'

export interface WindowUpdate {
  /** `old`: it counts no more samples than an earlier result, as after a restart that replays a batch. */
  readonly kind: 'first' | 'changed' | 'old'
  /** The newest result before this one; undefined for `first`. */
  readonly before: WindowSnapshot | undefined
}

export type WindowSnapshot = Pick<WindowResult, 'count' | 'status'>

/**
 * Compares each result with the earlier ones of its window. A window's count only grows, so a result that counts no
 * more samples than an earlier one is a repeat: after a restart the job writes again what came after its last commit.
 */
export class WindowUpdates {
  readonly #newest: BoundedMap<WindowSnapshot>

  constructor(limit?: number) {
    this.#newest = new BoundedMap(limit)
  }

  take(result: WindowResult): WindowUpdate {
    const key = windowKey(result)
    const before = this.#newest.get(key)
    if (before && result.count <= before.count) return { kind: 'old', before }
    this.#newest.set(key, { count: result.count, status: result.status })
    return { kind: before ? 'changed' : 'first', before }
  }
}

/** About 30 MB. A replay of windows that are further back than this is shown again. */
const LIMIT = 200_000

/** A map that drops the entry that was set longest ago, so that a tail of many days does not grow without bound. */
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

import type { WindowResult } from './result.ts'

/** The values of a result, without its window. */
export type WindowValues = Pick<WindowResult, 'count' | 'mean' | 'stddev' | 'status' | 'score'>

export const valuesOf = ({ count, mean, stddev, status, score }: WindowResult): WindowValues => ({
  count,
  mean,
  stddev,
  status,
  score,
})

/** Do they say the same? Spark may add up the samples of a replayed batch in another order: the last digits differ. */
export const haveSameValues = (a: WindowValues, b: WindowValues): boolean =>
  a.count === b.count &&
  a.status === b.status &&
  isClose(a.mean, b.mean) &&
  isClose(a.score, b.score) &&
  isClose(a.stddev ?? 0, b.stddev ?? 0)

const isClose = (a: number, b: number): boolean =>
  Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b))

/** About 40 MB of window values. A replay of windows that are further back than this is shown again. */
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

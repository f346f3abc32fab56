/** A seeded source of random numbers (mulberry32, public domain): the same seed draws the same faults. */
export class Random {
  #state: number

  constructor(seed: number, stream = '') {
    this.#state = [...stream].reduce(
      (hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 16_777_619),
      seed,
    )
  }

  /** At least 0 and below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  /** A whole number between `least` and `most`, both included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  /** The same elements in another order; one of weight 3 comes before one of weight 1 in three cases of four. */
  shuffle<T>(elements: readonly T[], weightOf: (element: T) => number = () => 1): T[] {
    return elements
      .map((element) => ({ element, at: -Math.log(1 - this.next()) / weightOf(element) }))
      .sort((a, b) => a.at - b.at)
      .map(({ element }) => element)
  }
}

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

  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.integer(0, choices.length - 1)]
    if (choice === undefined) throw new Error('nothing to pick from')
    return choice
  }

  /** The same elements in another order (Fisher and Yates). */
  shuffle<T>(elements: readonly T[]): T[] {
    const deck = [...elements]
    for (let last = deck.length - 1; last > 0; last -= 1) {
      const other = this.integer(0, last)
      ;[deck[last], deck[other]] = [deck[other] as T, deck[last] as T]
    }
    return deck
  }
}

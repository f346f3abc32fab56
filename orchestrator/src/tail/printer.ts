import { once } from 'node:events'

/** Prints lines up to the limit, no faster than they are read at the other end. */
export class Printer {
  #left: number
  readonly #write: (line: string) => void

  constructor(write: (line: string) => void, limit = Number.POSITIVE_INFINITY) {
    this.#write = write
    this.#left = limit
  }

  /** True once the limit is reached. */
  async print(lines: readonly string[]): Promise<boolean> {
    const taken = lines.slice(0, this.#left)
    this.#left -= taken.length
    for (const line of taken) this.#write(line)
    if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain')
    return this.#left <= 0
  }
}

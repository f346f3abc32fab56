import { once } from 'node:events'

/** Prints lines up to a limit, and no faster than stdout's reader takes them. */
export class Printer {
  #left: number
  readonly #write: (line: string) => void

  constructor(write: (line: string) => void, limit = Number.POSITIVE_INFINITY) {
    this.#write = write
    this.#left = limit
  }

  /** Returns true once the limit is reached. */
  async print(lines: readonly string[]): Promise<boolean> {
    const printed = lines.slice(0, this.#left)
    this.#left -= printed.length
    for (const line of printed) this.#write(line)
    if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain')
    return this.#left <= 0
  }
}

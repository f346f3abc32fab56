import { colors } from './colors.ts'

const EVERY_MS = 100

/** One line at the bottom of a terminal that is overwritten as things change, and gone when others are printed. */
export class LiveLine {
  readonly #stream: NodeJS.WriteStream
  readonly #enabled: boolean
  #shown = ''
  #shownAt = 0

  constructor(stream: NodeJS.WriteStream, enabled: boolean) {
    this.#stream = stream
    this.#enabled = enabled && stream.isTTY === true
  }

  show(text: string): void {
    const now = performance.now()
    if (!this.#enabled || text === this.#shown || (this.#shown !== '' && now - this.#shownAt < EVERY_MS))
      return
    // A wrapped line could not be erased.
    const fitted = text.slice(0, Math.max(this.#stream.columns - 1, 0))
    this.#stream.write(`\r\u001b[2K${colors.dim(fitted)}`)
    this.#shown = text
    this.#shownAt = now
  }

  /** The same way of printing a line, but with the live line cleared first. */
  above(print: (line: string) => void): (line: string) => void {
    return (line) => {
      this.clear()
      print(line)
    }
  }

  clear(): void {
    if (this.#shown === '') return
    this.#stream.write('\r\u001b[2K')
    this.#shown = ''
  }
}

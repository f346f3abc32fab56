import { colors } from './colors.ts'

const MIN_INTERVAL_MS = 100

/** A line at the bottom of a terminal that is overwritten as its text changes, and erased before other lines. */
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
    if (
      !this.#enabled ||
      text === this.#shown ||
      (this.#shown !== '' && now - this.#shownAt < MIN_INTERVAL_MS)
    )
      return
    // A wrapped line cannot be erased.
    const fitted = text.slice(0, Math.max(this.#stream.columns - 1, 0))
    this.#stream.write(`\r\u001b[2K${colors.dim(fitted)}`)
    this.#shown = text
    this.#shownAt = now
  }

  /** Wraps `print` so that the live line is erased first. */
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

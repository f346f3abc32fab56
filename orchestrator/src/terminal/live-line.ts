import { errorColors } from './colors.ts'
import { cellsOf, cutTo } from './text.ts'
import { canOverwrite, terminalWidth } from './width.ts'

const MIN_INTERVAL_MS = 100

/** A line at the bottom of a terminal that is overwritten as its text changes, and erased before other lines. */
export class LiveLine {
  readonly #stream: NodeJS.WriteStream
  readonly #enabled: boolean
  #shown = ''
  /** Columns that it takes. */
  #length = 0
  #shownAt = 0

  constructor(stream: NodeJS.WriteStream, enabled: boolean) {
    this.#stream = stream
    this.#enabled = enabled && canOverwrite(stream)
  }

  show(text: string): void {
    const now = performance.now()
    if (
      !this.#enabled ||
      text === this.#shown ||
      (this.#shown !== '' && now - this.#shownAt < MIN_INTERVAL_MS)
    )
      return
    // In the last column it would wrap.
    const fitted = cutTo(text, terminalWidth(this.#stream) - 1)
    this.#stream.write(`${this.#erase()}${errorColors.dim(fitted)}`)
    this.#shown = text
    this.#length = cellsOf(fitted)
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
    this.#stream.write(this.#erase())
    this.#shown = ''
    this.#length = 0
  }

  /** A terminal that became narrower since has wrapped the line into several rows; the cursor is in the last one. */
  #erase(): string {
    const rows = Math.ceil(this.#length / terminalWidth(this.#stream))
    return `${rows > 1 ? `\u001b[${rows - 1}A` : ''}\r\u001b[J`
  }
}

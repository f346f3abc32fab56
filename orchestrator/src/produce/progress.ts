import { Presets, SingleBar } from 'cli-progress'
import { LiveLine } from '../tail/live-line.ts'

/** How far the sending is, on a terminal: a bar where the end is known, else a count. */
export class ProduceProgress {
  readonly #bar: SingleBar | undefined
  readonly #line = new LiveLine(process.stderr, true)
  readonly #startedAt = performance.now()
  #bytes = 0

  constructor(totalBytes: number | undefined) {
    if (totalBytes === undefined || !process.stderr.isTTY) return
    const format = ' {bar} {percentage} % | {rows} rows | {rate} rows/s'
    this.#bar = new SingleBar(
      { format, stream: process.stderr, hideCursor: null, clearOnComplete: true },
      Presets.shades_classic,
    )
    this.#bar.start(totalBytes, 0, { rows: 0, rate: 0 })
  }

  /** Passes bytes on and counts them. */
  async *counted(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      yield chunk
      this.#bytes += chunk.length
    }
  }

  acknowledged(rows: number): void {
    const rate = Math.round(rows / ((performance.now() - this.#startedAt) / 1_000))
    if (this.#bar) this.#bar.update(this.#bytes, { rows, rate })
    else this.#line.show(`${rows} rows | ${rate} rows/s`)
  }

  end(): void {
    this.#bar?.stop()
    this.#line.clear()
  }
}

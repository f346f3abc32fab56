import { Presets, SingleBar } from 'cli-progress'
import { LiveLine } from '../terminal/live-line.ts'
import { countText } from './produce-samples.ts'

/** Shows on a terminal how much was sent: a bar if the size of the input is known, else a count. */
export class ProduceProgress {
  readonly #bar: SingleBar | undefined
  readonly #totalBytes: number | undefined
  readonly #line = new LiveLine(process.stderr, true)
  readonly #startedAt = performance.now()
  readonly #batch: number
  #bytes = 0

  constructor(totalBytes: number | undefined, batch: number) {
    this.#batch = batch
    this.#totalBytes = totalBytes
    if (totalBytes === undefined || !process.stderr.isTTY) return
    const format = ' {bar} {percentage} % | {sent} | {rate} samples/s'
    this.#bar = new SingleBar(
      { format, stream: process.stderr, hideCursor: null, clearOnComplete: true },
      Presets.shades_classic,
    )
  }

  /** Passes bytes through and counts them. */
  async *countBytes(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      yield chunk
      this.#bytes += chunk.length
    }
  }

  acknowledged(samples: number, records: number): void {
    const rate = Math.round(samples / ((performance.now() - this.#startedAt) / 1_000))
    const sent = countText({ samples, records }, this.#batch)
    // Not before: the bar would be drawn over what is said first.
    if (this.#bar && !this.#bar.isActive) this.#bar.start(this.#totalBytes ?? 0, 0, { sent, rate })
    if (this.#bar) this.#bar.update(this.#bytes, { sent, rate })
    else this.#line.show(`${sent} | ${rate} samples/s`)
  }

  end(): void {
    this.#bar?.stop()
    this.#line.clear()
  }
}

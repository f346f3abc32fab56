import { Presets, SingleBar } from 'cli-progress'
import { LiveLine } from '../terminal/live-line.ts'
import { type Counting, countText } from './produce-samples.ts'

/** Shows on a terminal how much was sent: a bar if the size of the input is known, else a count. */
export class ProduceProgress {
  readonly #bar: SingleBar | undefined
  readonly #totalBytes: number | undefined
  readonly #line = new LiveLine(process.stderr, true)
  readonly #startedAt = performance.now()
  readonly #counting: Counting
  #bytes = 0

  constructor(totalBytes: number | undefined, counting: Counting) {
    this.#counting = counting
    this.#totalBytes = totalBytes
    if (totalBytes === undefined || !process.stderr.isTTY) return
    const format = ' {bar} {percentage} % | {sent} | {rate} {noun}s/s'
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
    const { noun } = this.#counting
    const sent = countText({ samples, records }, this.#counting)
    // Not before: the bar would be drawn over what is said first.
    if (this.#bar && !this.#bar.isActive) this.#bar.start(this.#totalBytes ?? 0, 0, { sent, rate, noun })
    if (this.#bar) this.#bar.update(this.#bytes, { sent, rate, noun })
    else this.#line.show(`${sent} | ${rate} ${noun}s/s`)
  }

  end(): void {
    this.#bar?.stop()
    this.#line.clear()
  }
}

import { setInterval as everyMs } from 'node:timers/promises'
import { bytesOf, type RecordLine } from '../produce/line.ts'
import type { OffsetRange } from '../produce/produce-samples.ts'
import { fateOf, type Given } from '../produce/prospects.ts'
import { readSample } from '../produce/sample.ts'
import { skippedSamples } from '../query/await-accounted.ts'
import { firstOffsets } from '../query/checkpoint-log.ts'
import { closedWindows, isInputRead } from '../query/watermark.ts'
import type { Selected } from '../runtime/places.ts'
import type { Output } from '../terminal/output.ts'

/** A few small files of the checkpoint are read each time. */
const INTERVAL_MS = 10_000

/** Looks at the job again while samples are sent, and says when they no longer count, or do so again. */
export class FeedWatch {
  readonly #selected: Selected
  readonly #given: Given
  readonly #output: Output
  #isRead: boolean
  #closedMs: number | undefined
  #lastLine: RecordLine | undefined

  constructor(selected: Selected, isRead: boolean, given: Given, output: Output) {
    this.#selected = selected
    this.#given = given
    this.#output = output
    this.#isRead = isRead
    this.#closedMs = given.job?.closedMs
  }

  /** Passes lines on, and looks while that goes on. */
  async *during(lines: AsyncIterable<readonly RecordLine[]>): AsyncGenerator<readonly RecordLine[]> {
    const over = new AbortController()
    const watching = this.#watch(over.signal)
    try {
      for await (const some of lines) {
        this.#lastLine = some.at(-1) ?? this.#lastLine
        yield some
      }
    } finally {
      over.abort()
      await watching
    }
  }

  /** Looks once more when everything is sent, and says if nobody reads it. `isAwaited`: what was skipped is told later. */
  async end(ranges: readonly OffsetRange[], isAwaited: boolean): Promise<void> {
    try {
      await this.#look('the samples up to it that were sent since may be late')
      if (!isAwaited) await this.#saySkipped(ranges)
    } catch (error) {
      this.#output.warn(`cannot look at the job: ${String(error)}`)
    }
  }

  /** A job that has not begun to read begins where STARTING_OFFSETS says. */
  async #saySkipped(ranges: readonly OffsetRange[]): Promise<void> {
    const { runtime, config } = this.#selected
    const { input } = config.topics
    const first = await firstOffsets(runtime.checkpoint, input)
    const skipped = skippedSamples(ranges, first)
    if (skipped > 0)
      this.#output.warn(`the job began to read behind ${skipped} of the samples, and skips them`)
    else if (!first && config.query.startingOffsets === 'latest')
      this.#output.warn(
        this.#isRead
          ? `the job has not begun to read ${input} yet, and skips what is there when it does (STARTING_OFFSETS=latest)`
          : `no job reads ${input} yet, and the first \`cpu-anomaly submit\` skips what is there by then (STARTING_OFFSETS=latest)`,
      )
    else if (!this.#isRead)
      this.#output.note(`No job reads ${input} now: the samples wait there until \`cpu-anomaly submit\`.`)
  }

  async #watch(signal: AbortSignal): Promise<void> {
    try {
      for await (const _ of everyMs(INTERVAL_MS, undefined, { signal }))
        await this.#look('from now on samples up to it are late')
    } catch (error) {
      if (!signal.aborted) this.#output.warn(`cannot look at the job any more: ${String(error)}`)
    }
  }

  async #look(outcome: string): Promise<void> {
    const { runtime, config } = this.#selected
    const isRead = await isInputRead(runtime, config)
    if (isRead !== this.#isRead) this.#sayRead(isRead, config.topics.input)
    this.#isRead = isRead
    const closedMs = await closedWindows(runtime, config)
    const timeMs = this.#lastLine && readSample(bytesOf(this.#lastLine).toString('latin1'))?.timeMs
    if (timeMs !== undefined) this.#sayLate(timeMs, closedMs, outcome)
    this.#closedMs = closedMs
  }

  #sayRead(isRead: boolean, topic: string): void {
    if (isRead) this.#output.note(`A job reads ${topic} again.`)
    else
      this.#output.warn(
        `the job no longer reads ${topic}: the samples wait there until \`cpu-anomaly submit\` (see \`cpu-anomaly status\`)`,
      )
  }

  #sayLate(timeMs: number, closedMs: number | undefined, outcome: string): void {
    const [was, is] = [this.#isLate(timeMs, this.#closedMs), this.#isLate(timeMs, closedMs)]
    if (was || !is || closedMs === undefined) return
    const [watermark, time] = [closedMs, timeMs].map((ms) => new Date(ms).toISOString())
    this.#output.warn(
      `the job's watermark is ${watermark} now, ahead of what is sent (${time}): ${outcome}, in no window`,
    )
  }

  #isLate(timeMs: number, closedMs: number | undefined): boolean {
    if (closedMs === undefined) return false
    const job = { closedMs, closingMs: closedMs }
    return fateOf(timeMs, { ...this.#given, nowMs: timeMs, job }) === 'late'
  }
}

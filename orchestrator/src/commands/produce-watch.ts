import { setInterval as everyMs } from 'node:timers/promises'
import { fateOf } from '../produce/prospects.ts'
import { readSample } from '../produce/sample.ts'
import { closedWindows, isInputRead } from '../query/watermark.ts'
import type { Selected } from '../runtime/runtime.ts'
import type { Output } from '../terminal/output.ts'
import type { Given } from './produce-circumstances.ts'

/** A few small files of the checkpoint are read each time. */
const INTERVAL_MS = 10_000

/** Looks at the job again while samples are sent, and says when they no longer count, or do so again. */
export class FeedWatch {
  readonly #selected: Selected
  readonly #given: Given
  readonly #output: Output
  #isRead: boolean
  #closedMs: number | undefined
  #lastLine: Buffer | undefined

  constructor(selected: Selected, isRead: boolean, given: Given, output: Output) {
    this.#selected = selected
    this.#given = given
    this.#output = output
    this.#isRead = isRead
    this.#closedMs = given.job?.closedMs
  }

  /** Does a job read the topic, as far as is known? */
  get isRead(): boolean {
    return this.#isRead
  }

  /** Passes lines on, and looks while that goes on. */
  async *during(lines: AsyncIterable<readonly Buffer[]>): AsyncGenerator<readonly Buffer[]> {
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

  async #watch(signal: AbortSignal): Promise<void> {
    try {
      for await (const _ of everyMs(INTERVAL_MS, undefined, { signal })) await this.#look()
    } catch (error) {
      if (!signal.aborted) this.#output.warn(`cannot look at the job any more: ${String(error)}`)
    }
  }

  async #look(): Promise<void> {
    const { runtime, config } = this.#selected
    const isRead = await isInputRead(runtime, config)
    if (isRead !== this.#isRead) this.#sayRead(isRead, config.topics.input)
    this.#isRead = isRead
    const closedMs = await closedWindows(runtime, config)
    const timeMs = this.#lastLine && readSample(this.#lastLine.toString('latin1'))?.timeMs
    if (timeMs !== undefined) this.#sayLate(timeMs, closedMs)
    this.#closedMs = closedMs
  }

  #sayRead(isRead: boolean, topic: string): void {
    if (isRead) this.#output.note(`A job reads ${topic} again.`)
    else
      this.#output.warn(
        `the job no longer reads ${topic}: the samples wait there until \`cpu-anomaly submit\` (see \`cpu-anomaly status\`)`,
      )
  }

  #sayLate(timeMs: number, closedMs: number | undefined): void {
    const [was, is] = [this.#isLate(timeMs, this.#closedMs), this.#isLate(timeMs, closedMs)]
    if (was || !is || closedMs === undefined) return
    const [watermark, time] = [closedMs, timeMs].map((ms) => new Date(ms).toISOString())
    this.#output.warn(
      `the job's watermark is ${watermark} now, ahead of what is sent (${time}): from now on samples up to it are late, in no window`,
    )
  }

  #isLate(timeMs: number, closedMs: number | undefined): boolean {
    if (closedMs === undefined) return false
    const job = { closedMs, closingMs: closedMs }
    return fateOf(timeMs, { ...this.#given, nowMs: timeMs, job }) === 'late'
  }
}

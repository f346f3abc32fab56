import { hostname } from 'node:os'
import { FinalWindows } from '../anomaly/final-windows.ts'
import { formatResult } from '../anomaly/format.ts'
import { type WindowResult, windowStartMs } from '../anomaly/result.ts'
import { CliError } from '../errors.ts'
import { followTopic } from '../kafka/follow-topic.ts'
import { LIVE_RATE, liveSamples } from '../produce/live-samples.ts'
import { produceSamples } from '../produce/produce-samples.ts'
import type { Selected } from '../runtime/runtime.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from '../system/wait.ts'
import { FinalFeed } from '../tail/result-feed.ts'
import { ResultReader } from '../tail/result-reader.ts'
import { LiveLine } from '../terminal/live-line.ts'
import type { Output } from '../terminal/output.ts'
import { Board } from './board.ts'
import { chartOfMeans } from './chart.ts'
import { HOUR_SAMPLES, NORMAL, recordedHour } from './hour.ts'

const HOUR_MS = 3_600_000
const LIVE_SECONDS = 8
const ARRIVAL_TIMEOUT_MS = 60_000

/** What the tour came to, measured. */
export interface TourResult {
  readonly board: Board
  readonly samplesSent: number
  /** From the first sample sent to the last result received, for the recorded hour. */
  readonly hourSeconds: number
  readonly liveFromMs: number
}

/** Feeds the recorded hour and then this machine's own CPU, and shows the anomalies as they are found. */
export class Tour {
  readonly #selected: Selected
  readonly #output: Output
  readonly #signal: AbortSignal
  readonly #board = new Board()
  readonly #line = new LiveLine(process.stderr, true)
  readonly #hour: FinalFeed
  readonly #live: FinalFeed
  #liveFromMs = Number.POSITIVE_INFINITY
  #sent = 0

  constructor(selected: Selected, output: Output, signal: AbortSignal) {
    this.#selected = selected
    this.#output = output
    this.#signal = signal
    // Shown once two newer windows have come: samples are sent in order here, so nothing is late.
    const windows = () => new FinalWindows({ windowMs: selected.config.detector.windowMs, watermarkMs: 0 })
    this.#hour = new FinalFeed(new Set(['WARN', 'ERROR']), windows())
    this.#live = new FinalFeed(new Set(['SAFE', 'WARN', 'ERROR']), windows())
  }

  async run(): Promise<TourResult> {
    const watching = new AbortController()
    const signal = AbortSignal.any([this.#signal, watching.signal])
    const watched = this.#watch(signal)
    try {
      const told = Promise.race([
        this.#feed(),
        watched.then(() => Promise.reject(new Error('the tail ended'))),
      ])
      return await told
    } finally {
      watching.abort()
      this.#line.clear()
      await watched.catch(() => undefined)
    }
  }

  async #feed(): Promise<TourResult> {
    const hourFromMs = Date.now() - HOUR_MS - 1_000
    this.#note('\nAn hour of CPU, recorded, at high speed; WARN and ERROR windows as Spark finds them:')
    const startedAt = performance.now()
    await this.#produce(recordedHour(hourFromMs))
    await this.#untilAllArrived()
    const hourSeconds = (performance.now() - startedAt) / 1_000
    this.#show(this.#hour.flush())
    const means = this.#board.means(hourFromMs - 500, hourFromMs + HOUR_MS)
    this.#note(`\n${chartOfMeans(means, process.stderr.columns ?? 80)}`)

    this.#note(`\nNow the CPU of this machine, live, for ${LIVE_SECONDS} s; every window:`)
    this.#liveFromMs = Date.now()
    await this.#produce(liveSamples({ rate: LIVE_RATE, seconds: LIVE_SECONDS, signal: this.#signal }))
    await this.#untilAllArrived()
    this.#show(this.#live.flush())
    return { board: this.#board, samplesSent: this.#sent, hourSeconds, liveFromMs: this.#liveFromMs }
  }

  async #produce(values: AsyncIterable<readonly Buffer[]>): Promise<void> {
    const { runtime, config } = this.#selected
    const before = this.#sent
    await produceSamples(runtime.kafka, config.topics.input, values, {
      key: hostname(),
      signal: this.#signal,
      onAcknowledged: (total) => {
        this.#sent = before + total
      },
    })
    this.#signal.throwIfAborted()
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { runtime, config } = this.#selected
    const reader = new ResultReader(this.#line.above(this.#output.warn))
    const from = { kind: 'earliest' } as const
    const notice = this.#line.above(this.#output.note)
    for await (const records of followTopic(runtime.kafka, config.topics.output, { from, signal, notice })) {
      const now = Date.now()
      const results = reader.read(records)
      this.#board.take(results, now)
      const isLive = (record: WindowResult) =>
        windowStartMs(record) >= this.#liveFromMs - config.detector.windowMs
      this.#show(
        this.#hour.take(
          results.filter((record) => !isLive(record)),
          now,
        ),
      )
      this.#show(this.#live.take(results.filter(isLive), now))
      this.#line.show(this.#counts())
    }
  }

  /** Every sample that was sent is in a window: nothing is lost, late or still on its way. */
  async #untilAllArrived(): Promise<void> {
    const timeoutMs = ARRIVAL_TIMEOUT_MS
    try {
      await waitUntil(
        'the results of all samples',
        async () => (this.#board.samples === this.#sent ? arrived(undefined) : notYet(this.#counts())),
        { timeoutMs, intervalMs: 20, signal: this.#signal },
      )
    } catch (error) {
      if (!(error instanceof WaitTimeout)) throw error
      throw new CliError('QUERY_FAILED', error.message, {
        hint: 'Run the tour with --keep, then see `cpu-anomaly logs driver`.',
      })
    }
  }

  #counts(): string {
    const { samples, windows, anomalies } = this.#board
    const number = (count: number) => count.toLocaleString('en')
    return `sent ${number(this.#sent)} of ${number(HOUR_SAMPLES)}+ samples | ${number(samples)} in ${number(windows)} windows | ${anomalies} anomalies`
  }

  #show(records: readonly WindowResult[]): void {
    const width = process.stdout.columns ?? 120
    for (const record of records)
      this.#line.above(this.#output.result)(formatResult(record, { normalMean: NORMAL.mean, width }))
  }

  #note(line: string): void {
    this.#line.above(this.#output.note)(line)
  }
}

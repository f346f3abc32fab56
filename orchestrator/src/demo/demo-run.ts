import { hostname } from 'node:os'
import { join } from 'node:path'
import { FinalWindows } from '../anomaly/final-windows.ts'
import { formatResult } from '../anomaly/format.ts'
import { type Status, type WindowResult, windowStartMs } from '../anomaly/result.ts'
import { CliError } from '../errors.ts'
import { followTopic } from '../kafka/follow-topic.ts'
import { LIVE_RATE, liveSamples } from '../produce/live-samples.ts'
import { produceSamples } from '../produce/produce-samples.ts'
import { ownName } from '../runtime/own-name.ts'
import type { Selected } from '../runtime/runtime.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from '../system/wait.ts'
import { type FeedOptions, ResultFeed } from '../tail/result-feed.ts'
import { ResultReader } from '../tail/result-reader.ts'
import { LiveLine } from '../terminal/live-line.ts'
import type { Output } from '../terminal/output.ts'
import { terminalWidth } from '../terminal/width.ts'
import { chartOfMeans } from './chart.ts'
import { LatestResults } from './latest-results.ts'
import { HOUR_SAMPLES, NORMAL, simulatedHour } from './simulated-hour.ts'

const HOUR_MS = 3_600_000
const LIVE_SECONDS = 8
const ARRIVAL_TIMEOUT_MS = 60_000

/** What the demo measured. */
export interface DemoResult {
  readonly latest: LatestResults
  readonly samplesSent: number
  /** From the first sample sent to the last result received, for the simulated hour. */
  readonly hourSeconds: number
  /** Start of the live part, epoch milliseconds. */
  readonly liveFromMs: number
}

/** Sends the simulated hour and then samples of this machine's own CPU, and shows the anomalies as they are found. */
export class DemoRun {
  readonly #selected: Selected
  readonly #output: Output
  readonly #signal: AbortSignal
  readonly #latest = new LatestResults()
  readonly #line = new LiveLine(process.stderr, true)
  readonly #hourFeed: ResultFeed
  readonly #liveFeed: ResultFeed
  #liveFromMs = Number.POSITIVE_INFINITY
  #sent = 0

  constructor(selected: Selected, output: Output, signal: AbortSignal) {
    this.#selected = selected
    this.#output = output
    this.#signal = signal
    // Samples are sent in order here, so none is late, and a window is final once two newer ones have arrived.
    const windows = () => new FinalWindows({ windowMs: selected.config.detector.windowMs, watermarkMs: 0 })
    this.#hourFeed = new ResultFeed(feedOf('WARN', 'ERROR'), windows())
    this.#liveFeed = new ResultFeed(feedOf('SAFE', 'WARN', 'ERROR'), windows())
  }

  async run(): Promise<DemoResult> {
    const following = new AbortController()
    const signal = AbortSignal.any([this.#signal, following.signal])
    const followed = this.#followResults(signal)
    const resultsEnded = followed.then(() => Promise.reject(new Error('the results ended early')))
    try {
      return await Promise.race([this.#sendAll(), resultsEnded])
    } finally {
      following.abort()
      this.#line.clear()
      await followed.catch(() => undefined)
    }
  }

  async #sendAll(): Promise<DemoResult> {
    const hourFromMs = Date.now() - HOUR_MS - 1_000
    this.#note(
      '\nAn hour of simulated CPU samples at high speed; WARN and ERROR windows as Spark finds them:',
    )
    const startedAt = performance.now()
    await this.#send(simulatedHour(hourFromMs))
    await this.#waitUntilAllCounted()
    const hourSeconds = (performance.now() - startedAt) / 1_000
    this.#show(this.#hourFeed.flush())
    const means = this.#latest.means(hourFromMs - 500, hourFromMs + HOUR_MS)
    this.#note(`\n${chartOfMeans(means, terminalWidth(process.stderr))}`)

    this.#note(`\nNow the CPU of this machine, live, for ${LIVE_SECONDS} s; every window:`)
    this.#liveFromMs = Date.now()
    await this.#send(liveSamples({ rate: LIVE_RATE, seconds: LIVE_SECONDS, signal: this.#signal }))
    await this.#waitUntilAllCounted()
    this.#show(this.#liveFeed.flush())
    return { latest: this.#latest, samplesSent: this.#sent, hourSeconds, liveFromMs: this.#liveFromMs }
  }

  async #send(values: AsyncIterable<readonly Buffer[]>): Promise<void> {
    const { runtime, config } = this.#selected
    const before = this.#sent
    await produceSamples(runtime.kafka, config.topics.input, values, {
      key: hostname(),
      signal: this.#signal,
      onAcknowledged: (samples) => {
        this.#sent = before + samples
      },
    })
    this.#signal.throwIfAborted()
  }

  async #followResults(signal: AbortSignal): Promise<void> {
    const { runtime, config } = this.#selected
    const reader = new ResultReader(this.#line.above(this.#output.warn))
    const from = { kind: 'earliest' } as const
    const notice = this.#line.above(this.#output.note)
    const isLive = (result: WindowResult) =>
      windowStartMs(result) >= this.#liveFromMs - config.detector.windowMs
    const isOfHour = (result: WindowResult) => !isLive(result)
    for await (const records of followTopic(runtime.kafka, config.topics.output, { from, signal, notice })) {
      const now = performance.now()
      const results = reader.read(records)
      this.#latest.add(results, Date.now())
      this.#show(this.#hourFeed.take(results.filter(isOfHour), now))
      this.#show(this.#liveFeed.take(results.filter(isLive), now))
      this.#line.show(this.#counts())
    }
  }

  /** Waits until every sample that was sent is counted in a window: none is lost, late or on its way. */
  async #waitUntilAllCounted(): Promise<void> {
    const timeoutMs = ARRIVAL_TIMEOUT_MS
    try {
      await waitUntil(
        'the results of all samples',
        async () => (this.#latest.samples === this.#sent ? arrived(undefined) : notYet(this.#counts())),
        { timeoutMs, intervalMs: 20, signal: this.#signal },
      )
    } catch (error) {
      if (!(error instanceof WaitTimeout)) throw error
      throw new CliError('QUERY_FAILED', error.message, {
        hint: `The driver's log is ${join(this.#selected.storage.logs, ownName(this.#selected.runtime.name, 'driver.log'))}.`,
      })
    }
  }

  #counts(): string {
    const { samples, windows, anomalies } = this.#latest
    const number = (count: number) => count.toLocaleString('en')
    return `sent ${number(this.#sent)} of ${number(HOUR_SAMPLES)}+ samples | ${number(samples)} in ${number(windows)} windows | ${anomalies} anomalies`
  }

  #show(results: readonly WindowResult[]): void {
    const options = {
      normalMean: NORMAL.mean,
      normalStddev: NORMAL.stddev,
      width: terminalWidth(process.stdout),
    }
    for (const result of results) this.#line.above(this.#output.result)(formatResult(result, options))
  }

  #note(line: string): void {
    this.#line.above(this.#output.note)(line)
  }
}

const feedOf = (...statuses: readonly Status[]): FeedOptions => ({
  wanted: new Set(statuses),
  minSamples: 1,
  shows: 'final',
})

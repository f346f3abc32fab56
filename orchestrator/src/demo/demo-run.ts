import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { FinalWindows } from '../anomaly/final-windows.ts'
import { formatResult } from '../anomaly/format.ts'
import { STATUSES, type WindowResult, windowStartMs } from '../anomaly/result.ts'
import { CliError } from '../errors.ts'
import { followTopic } from '../kafka/follow-topic.ts'
import { LIVE_RATE, liveSamples, SPAN_MS } from '../produce/live-samples.ts'
import { produceSamples } from '../produce/produce-samples.ts'
import { ownName } from '../runtime/own-name.ts'
import type { Selected } from '../runtime/places.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from '../system/wait.ts'
import { ResultFeed } from '../tail/result-feed.ts'
import { ResultReader } from '../tail/result-reader.ts'
import { LiveLine } from '../terminal/live-line.ts'
import type { Output } from '../terminal/output.ts'
import { formatPercent } from '../terminal/units.ts'
import { terminalWidth } from '../terminal/width.ts'
import { makeBurst, type Span } from './burst.ts'
import { chartOfMeans } from './chart.ts'
import { LatestResults } from './latest-results.ts'
import { untilCalm } from './machine-load.ts'
import { type Normal, normalOf } from './normal.ts'
import { judge, type Verdict } from './verdict.ts'

const LEARN_SECONDS = 15
const WATCH_SECONDS = 20
/** Shorter than the time between two checkpoints of the job that learns. */
const CALM_BEFORE_LEARNING = 5
/** In the first half minute of a driver, the JIT takes a second of all cores now and then. */
const CALM_BEFORE_WATCHING = 15
const BURST_AFTER_MS = 8_000
const BURST_SECONDS = 5
/** Percent. A machine that is busier has no room for a burst: WARN begins at 25 percent points above normal, or more. */
const MOST_LOAD = 60
const ARRIVAL_TIMEOUT_MS = 60_000

/** What the demo measured. */
export interface DemoResult {
  readonly normal: Normal
  /** Number of windows that `normal` was computed from. */
  readonly learnedFrom: number
  readonly verdict: Verdict
  /** Milliseconds from the end of a window to its last result. */
  readonly latencies: readonly number[]
  readonly samplesSent: number
  readonly samplesCounted: number
}

/** Lets the job learn what this machine's CPU normally does, makes a burst of load, and shows what the job says of it. */
export class DemoRun {
  readonly #selected: Selected
  readonly #submit: (normal: Normal) => Promise<void>
  readonly #output: Output
  readonly #signal: AbortSignal
  readonly #latest = new LatestResults()
  readonly #line = new LiveLine(process.stderr, true)
  #feed: ResultFeed | undefined
  #watchedFromMs = Number.POSITIVE_INFINITY
  #normal: Normal = { mean: Number.NaN, stddev: Number.NaN }
  #sent = 0

  /** A job runs already; `submit` replaces it by one that judges by another normal. */
  constructor(
    selected: Selected,
    submit: (normal: Normal) => Promise<void>,
    output: Output,
    signal: AbortSignal,
  ) {
    this.#selected = selected
    this.#submit = submit
    this.#output = output
    this.#signal = signal
  }

  async run(): Promise<DemoResult> {
    const following = new AbortController()
    const signal = AbortSignal.any([this.#signal, following.signal])
    const followed = this.#followResults(signal)
    const resultsEnded = followed.then(() => Promise.reject(new Error('the results ended early')))
    try {
      return await Promise.race([this.#learnAndWatch(), resultsEnded])
    } finally {
      following.abort()
      this.#line.clear()
      await followed.catch(() => undefined)
    }
  }

  async #learnAndWatch(): Promise<DemoResult> {
    this.#note(`\nWhat is normal here? The job takes means of this machine's CPU for ${LEARN_SECONDS} s.`)
    const learning = await this.#whileSending(async () => {
      await this.#untilCalm(MOST_LOAD, CALM_BEFORE_LEARNING)
      return this.#spanOf(LEARN_SECONDS)
    })
    const means = this.#latest.inside(learning).map(({ mean }) => mean)
    this.#normal = normalOf(means)
    const { mean, stddev } = this.#normal
    this.#note(
      `Normal is ${mean} ± ${stddev} %: median and spread of ${means.length} windows, Spark's own work included.\n\nThe job starts again, with NORMAL_MEAN=${mean} and NORMAL_STDDEV=${stddev}.`,
    )
    await this.#submit(this.#normal)
    const { watching, burst } = await this.#whileSending(async () => {
      await this.#untilCalm(mean + 0.75 * stddev, CALM_BEFORE_WATCHING)
      return this.#watch()
    })
    this.#show(this.#feed?.flush() ?? [])
    const watched = this.#latest.inside(watching)
    const watchedMeans = watched.map((result) => result.mean)
    this.#note(`\n${chartOfMeans(watchedMeans, this.#normal, terminalWidth(process.stderr))}`)
    return {
      normal: this.#normal,
      learnedFrom: means.length,
      verdict: judge(watched, burst, SPAN_MS),
      latencies: this.#latest.latencies(watching),
      samplesSent: this.#sent,
      samplesCounted: this.#latest.samples,
    }
  }

  async #watch(): Promise<{ watching: Span; burst: Span }> {
    this.#note(
      `\nThe CPU of this machine for ${WATCH_SECONDS} s, with a burst of ${BURST_SECONDS} s on all cores; every window:`,
    )
    const { windowMs } = this.#selected.config.detector
    // Samples are sent in order here, so none is late, and a window is final once two newer ones have arrived.
    const shown = { wanted: new Set(STATUSES), minSamples: 1, shows: 'final' } as const
    this.#feed = new ResultFeed(shown, new FinalWindows({ windowMs, watermarkMs: 0 }))
    this.#watchedFromMs = Date.now()
    const [watching, burst] = await Promise.all([this.#spanOf(WATCH_SECONDS), this.#burst()])
    return { watching, burst }
  }

  async #burst(): Promise<Span> {
    const signal = this.#signal
    await setTimeout(BURST_AFTER_MS, undefined, { signal })
    return makeBurst(BURST_SECONDS, signal)
  }

  /** Lets so many seconds pass. */
  async #spanOf(seconds: number): Promise<Span> {
    const fromMs = Date.now()
    await setTimeout(seconds * 1_000, undefined, { signal: this.#signal })
    return { fromMs, untilMs: Date.now() }
  }

  async #untilCalm(atMost: number, seconds: number): Promise<void> {
    await untilCalm({
      atMost,
      seconds,
      signal: this.#signal,
      onLoad: (percent) =>
        this.#line.show(
          `Spark warms up: ${formatPercent(percent / 100)} of the CPU is in use; at most ${formatPercent(atMost / 100)} is awaited`,
        ),
    })
    this.#line.clear()
  }

  /** Sends samples of this machine's CPU meanwhile; returns when all of them are counted in a window, too. */
  async #whileSending<T>(work: () => Promise<T>): Promise<T> {
    const { runtime, config } = this.#selected
    const before = this.#sent
    const over = new AbortController()
    const signal = AbortSignal.any([this.#signal, over.signal])
    const samples = liveSamples({ rate: LIVE_RATE, seconds: undefined, signal })
    const sending = produceSamples(runtime.kafka, config.topics.input, samples, {
      key: hostname(),
      signal: this.#signal,
      onAcknowledged: (samples) => {
        this.#sent = before + samples
      },
    })
    const [value] = await Promise.all([work().finally(() => over.abort()), sending])
    this.#signal.throwIfAborted()
    await this.#untilAllCounted()
    return value
  }

  async #followResults(signal: AbortSignal): Promise<void> {
    const { runtime, config } = this.#selected
    const reader = new ResultReader(this.#line.above(this.#output.warn))
    const from = { kind: 'earliest' } as const
    const notice = this.#line.above(this.#output.note)
    for await (const records of followTopic(runtime.kafka, config.topics.output, { from, signal, notice })) {
      const results = reader.read(records)
      this.#latest.add(results, Date.now())
      const watched = results.filter((result) => windowStartMs(result) >= this.#watchedFromMs)
      this.#show(this.#feed?.take(watched, performance.now()) ?? [])
      this.#line.show(this.#counts())
    }
  }

  /** Waits until every sample that was sent is counted in a window: none is lost, late or on its way. */
  async #untilAllCounted(): Promise<void> {
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
    const { samples, windows } = this.#latest
    const number = (count: number) => count.toLocaleString('en')
    return `${number(this.#sent)} samples sent | ${number(samples)} in ${number(windows)} windows`
  }

  #show(results: readonly WindowResult[]): void {
    const { mean: normalMean, stddev: normalStddev } = this.#normal
    const options = { normalMean, normalStddev, width: terminalWidth(process.stdout) }
    for (const result of results) this.#line.above(this.#output.result)(formatResult(result, options))
  }

  #note(line: string): void {
    this.#line.above(this.#output.note)(line)
  }
}

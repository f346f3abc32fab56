import type { TriggerMode } from '../../config/config.ts'
import { CliError } from '../../errors.ts'
import { percentile } from '../../statistics.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from '../../system/wait.ts'
import { type BatchTimes, batchTimes, type ReplyTo } from '../driver/protocol.ts'
import type { BenchSession } from '../driver/session.ts'
import type { Workspace } from '../driver/workspace.ts'
import { type Arrival, watchArrivals } from '../load/arrivals.ts'
import { steadyClock } from '../load/clock.ts'
import { type SendReport, sendOnSchedule } from '../load/open-loop.ts'
import { makeSchedule, type Schedule, type Span } from '../load/schedule.ts'
import { percentiles, splitOf, windowLatencies } from './latency.ts'
import type { LatencyResult } from './results.ts'

const START_TIMEOUT_MS = 120_000
const USAGE_TIMEOUT_MS = 20_000
const ARRIVAL_TIMEOUT_MS = 30_000
const LEAD_MS = 300
const WINDOW_MS = 500

export interface LatencyPlan {
  readonly trigger: TriggerMode
  /** Samples per second. */
  readonly rate: number
  /** Samples are sent during the warm-up too, but not measured. */
  readonly warmUpSeconds: number
  readonly seconds: number
  readonly update: (detail: string) => void
}

/** Starts the job's query, sends samples at a steady rate, and measures each window's results as they arrive. */
export async function measureLatency(
  workspace: Workspace,
  session: BenchSession,
  plan: LatencyPlan,
): Promise<LatencyResult> {
  const [input, output] = [await workspace.createTopic('in'), await workspace.createTopic('out')]
  const settings = workspace.settings({ input_topic: input, output_topic: output, trigger: plan.trigger })
  const batches: BatchTimes[] = []
  session.onBatch = (batch) => void batches.push(...batchTimes(batch))
  await session.request({ do: 'start', settings }, 'started', { timeoutMs: START_TIMEOUT_MS })
  // The query is not stopped: its driver ends with the session, and real-time mode would first complete its interval.
  const run = new LatencyRun(session, plan)
  return run.result(await run.measure(workspace, input, output), batches)
}

/** What was observed besides the arrivals. */
interface Observations {
  readonly usageBefore: ReplyTo<'usage'>
  readonly usageAfter: ReplyTo<'usage'>
  readonly sent: SendReport
}

class LatencyRun {
  readonly #session: BenchSession
  readonly #plan: LatencyPlan
  readonly #clock = steadyClock()
  readonly #schedule: Schedule
  readonly #span: Span
  readonly #arrivals: Arrival[] = []

  constructor(session: BenchSession, plan: LatencyPlan) {
    const { rate, warmUpSeconds, seconds } = plan
    this.#session = session
    this.#plan = plan
    this.#schedule = makeSchedule({
      notBeforeMs: this.#clock() + LEAD_MS,
      seconds: warmUpSeconds + seconds,
      rate,
      windowMs: WINDOW_MS,
    })
    const fromMs = this.#schedule.startMs + warmUpSeconds * 1_000
    this.#span = { fromMs, untilMs: fromMs + seconds * 1_000 }
  }

  async measure(
    { runtime, signal: interrupt }: Workspace,
    input: string,
    output: string,
  ): Promise<Observations> {
    const done = new AbortController()
    const signal = AbortSignal.any([interrupt, done.signal])
    const onArrival = (arrival: Arrival) => void this.#arrivals.push(arrival)
    const watching = watchArrivals(runtime.kafka, output, this.#clock, signal, onArrival)
    const sending = sendOnSchedule(runtime.kafka, input, this.#schedule, this.#clock, signal)
    try {
      const failed = Promise.all([watching, sending]).then(() => new Promise<never>(() => undefined))
      return await Promise.race([this.#runPhases(sending, signal), failed])
    } finally {
      done.abort()
      await Promise.allSettled([watching, sending])
    }
  }

  result({ usageBefore, usageAfter, sent }: Observations, batches: readonly BatchTimes[]): LatencyResult {
    const { trigger, rate, warmUpSeconds, seconds } = this.#plan
    const { windows, incomplete } = this.#latencies()
    return {
      measurement: 'latency',
      trigger,
      rate,
      seconds,
      windows: windows.length,
      incomplete,
      first: percentiles(windows.map(({ firstMs }) => firstMs)),
      final: percentiles(windows.map(({ finalMs }) => finalMs)),
      cpuShare: cpuShareBetween(usageBefore, usageAfter),
      peakRssBytes: usageAfter.peak_rss_bytes,
      producerLateP99Ms: percentile(sent.lateMs.slice(warmUpSeconds * rate), 99),
      // A real-time batch lasts a whole interval, so its parts are not parts of a window's latency.
      split: (trigger === 'micro-batch' && splitOf(windows, batches)) || null,
      points: windows.map(({ endMs, firstMs, finalMs }) => ({
        atS: (endMs - this.#span.fromMs) / 1_000,
        firstMs,
        finalMs,
      })),
    }
  }

  async #runPhases(sending: Promise<SendReport>, signal: AbortSignal): Promise<Observations> {
    await this.#waitUntil(this.#span.fromMs, 'warming up', signal)
    const usageBefore = await this.#usage()
    await this.#waitUntil(this.#span.untilMs, 'measuring', signal)
    const usageAfter = await this.#usage()
    const sent = await sending
    await this.#waitForFinalResults(signal)
    return { usageBefore, usageAfter, sent }
  }

  #waitUntil(timeMs: number, what: string, signal: AbortSignal): Promise<void> {
    const check = async () => {
      this.#session.throwIfFailed()
      this.#plan.update(this.#progress(what))
      return this.#clock() >= timeMs ? arrived(undefined) : notYet('still running')
    }
    return waitUntil(what, check, { timeoutMs: timeMs - this.#clock() + 10_000, intervalMs: 50, signal })
  }

  async #waitForFinalResults(signal: AbortSignal): Promise<void> {
    const check = async () => {
      this.#session.throwIfFailed()
      const { windows, incomplete } = this.#latencies()
      const all = windows.length + incomplete
      return incomplete === 0 ? arrived(undefined) : notYet(`${incomplete} of ${all} windows are incomplete`)
    }
    try {
      await waitUntil('the final results', check, { timeoutMs: ARRIVAL_TIMEOUT_MS, intervalMs: 200, signal })
    } catch (error) {
      if (!(error instanceof WaitTimeout)) throw error
      throw new CliError('QUERY_FAILED', error.message, {
        hint: 'The query does not keep up with this rate, or samples were lost. Try a lower --rate.',
      })
    }
  }

  #usage(): Promise<ReplyTo<'usage'>> {
    return this.#session.request({ do: 'usage' }, 'usage', { timeoutMs: USAGE_TIMEOUT_MS })
  }

  #latencies() {
    return windowLatencies(this.#arrivals, this.#schedule, this.#span)
  }

  #progress(what: string): string {
    const { warmUpSeconds, seconds } = this.#plan
    const at = Math.max(Math.floor((this.#clock() - this.#schedule.startMs) / 1_000), 0)
    return `${what} | ${at} of ${warmUpSeconds + seconds} s | ${this.#arrivals.length.toLocaleString('en')} results`
  }
}

/** The share of one core that the driver's JVM used between two readings. */
const cpuShareBetween = (before: ReplyTo<'usage'>, after: ReplyTo<'usage'>): number =>
  (after.cpu_ms - before.cpu_ms) / (after.wall_ms - before.wall_ms)

import type { TriggerMode } from '../../config/config.ts'
import { CliError } from '../../errors.ts'
import { percentile } from '../../statistics.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from '../../system/wait.ts'
import { type BatchTimes, batchTimes, type ReplyTo } from '../driver/protocol.ts'
import type { BenchSession } from '../driver/session.ts'
import type { Workspace } from '../driver/workspace.ts'
import { type Arrival, watchArrivals } from '../load/arrivals.ts'
import { steadyClock } from '../load/clock.ts'
import { type Sent, sendOnSchedule } from '../load/open-loop.ts'
import { type Schedule, type Span, scheduleFrom } from '../load/schedule.ts'
import { percentiles, splitOf, windowLatencies } from './latency.ts'
import type { LatencyResult } from './results.ts'

const START_TIMEOUT_MS = 120_000
const USAGE_TIMEOUT_MS = 20_000
const ARRIVAL_TIMEOUT_MS = 30_000
const LEAD_MS = 300
const WINDOW_MS = 500

export interface LatencyPlan {
  readonly trigger: TriggerMode
  /** Samples a second. */
  readonly rate: number
  /** Sent like the others, but not counted. */
  readonly warmUpSeconds: number
  readonly seconds: number
  readonly update: (detail: string) => void
}

/** Starts the query, sends at a steady rate, and accounts for each window's results as they arrive. */
export async function measureLatency(
  workspace: Workspace,
  session: BenchSession,
  plan: LatencyPlan,
): Promise<LatencyResult> {
  const [input, output] = [await workspace.topic('in'), await workspace.topic('out')]
  const settings = workspace.settings({ input_topic: input, output_topic: output, trigger: plan.trigger })
  const batches: BatchTimes[] = []
  session.onBatch = (batch) => void batches.push(...batchTimes(batch))
  await session.ask({ do: 'start', settings }, 'started', { timeoutMs: START_TIMEOUT_MS })
  // It is not stopped: its driver ends with the session, and a real-time query would first end its interval.
  const run = new LatencyRun(session, plan)
  return run.result(await run.measure(workspace, input, output), batches)
}

interface Measured {
  readonly before: ReplyTo<'usage'>
  readonly after: ReplyTo<'usage'>
  readonly sent: Sent
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
    this.#schedule = scheduleFrom(this.#clock(), LEAD_MS, warmUpSeconds + seconds, rate, WINDOW_MS)
    const fromMs = this.#schedule.startMs + warmUpSeconds * 1_000
    this.#span = { fromMs, untilMs: fromMs + seconds * 1_000 }
  }

  async measure({ runtime, signal: outer }: Workspace, input: string, output: string): Promise<Measured> {
    const over = new AbortController()
    const signal = AbortSignal.any([outer, over.signal])
    const take = (arrival: Arrival) => void this.#arrivals.push(arrival)
    const watching = watchArrivals(runtime.kafka, output, this.#clock, signal, take)
    const sending = sendOnSchedule(runtime.kafka, input, this.#schedule, this.#clock, signal)
    try {
      const failed = Promise.all([watching, sending]).then(() => new Promise<never>(() => undefined))
      return await Promise.race([this.#follow(sending, signal), failed])
    } finally {
      over.abort()
      await Promise.allSettled([watching, sending])
    }
  }

  result({ before, after, sent }: Measured, batches: readonly BatchTimes[]): LatencyResult {
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
      cpuShare: (after.cpu_ms - before.cpu_ms) / (after.wall_ms - before.wall_ms),
      peakRssBytes: after.peak_rss_bytes,
      producerLateP99Ms: percentile(sent.lateMs.slice(warmUpSeconds * rate), 99),
      // A real-time query is one long batch: its parts are no parts of a window's latency.
      split: (trigger === 'micro-batch' && splitOf(windows, batches)) || null,
      points: windows.map(({ endMs, firstMs, finalMs }) => ({
        atS: (endMs - this.#span.fromMs) / 1_000,
        firstMs,
        finalMs,
      })),
    }
  }

  async #follow(sending: Promise<Sent>, signal: AbortSignal): Promise<Measured> {
    await this.#until(this.#span.fromMs, 'warming up', signal)
    const before = await this.#usage()
    await this.#until(this.#span.untilMs, 'measuring', signal)
    const after = await this.#usage()
    const sent = await sending
    await this.#untilComplete(signal)
    return { before, after, sent }
  }

  #until(timeMs: number, what: string, signal: AbortSignal): Promise<void> {
    const look = async () => {
      this.#session.throwIfFailed()
      this.#plan.update(this.#progress(what))
      return this.#clock() >= timeMs ? arrived(undefined) : notYet('it goes on')
    }
    return waitUntil(what, look, { timeoutMs: timeMs - this.#clock() + 10_000, intervalMs: 50, signal })
  }

  async #untilComplete(signal: AbortSignal): Promise<void> {
    const look = async () => {
      this.#session.throwIfFailed()
      const { windows, incomplete } = this.#latencies()
      const all = windows.length + incomplete
      return incomplete === 0
        ? arrived(undefined)
        : notYet(`${incomplete} of ${all} windows are not complete`)
    }
    try {
      await waitUntil('the final results', look, { timeoutMs: ARRIVAL_TIMEOUT_MS, intervalMs: 200, signal })
    } catch (error) {
      if (!(error instanceof WaitTimeout)) throw error
      throw new CliError('QUERY_FAILED', error.message, {
        hint: 'The query does not keep up with this rate, or samples were lost. Try a lower --rate.',
      })
    }
  }

  #usage(): Promise<ReplyTo<'usage'>> {
    return this.#session.ask({ do: 'usage' }, 'usage', { timeoutMs: USAGE_TIMEOUT_MS })
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

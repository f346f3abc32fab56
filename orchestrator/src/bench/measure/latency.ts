import { median, percentile } from '../../statistics.ts'
import type { BatchTimes } from '../driver/protocol.ts'
import type { Arrival } from '../load/arrivals.ts'
import { type Schedule, type Span, samplesIn, windowsIn } from '../load/schedule.ts'

/** Milliseconds from the end of a window; 0 where the result was there before that. */
export interface WindowLatency {
  readonly endMs: number
  /** To the first result at or after the end. */
  readonly firstMs: number
  /** To the result that counts every sample sent for the window. */
  readonly finalMs: number
  readonly final: Arrival
}

export interface Latencies {
  readonly windows: readonly WindowLatency[]
  /** Windows whose samples were not all counted. */
  readonly incomplete: number
}

/** Accounts for each window of the span from the results that arrived, in the order of their arrival. */
export function windowLatencies(arrivals: readonly Arrival[], schedule: Schedule, span: Span): Latencies {
  const byWindow = new Map<number, Arrival[]>()
  for (const arrival of arrivals)
    if (!byWindow.get(arrival.windowStartMs)?.push(arrival)) byWindow.set(arrival.windowStartMs, [arrival])
  const starts = windowsIn(schedule, span)
  const windows = starts.flatMap((start) => {
    const found = byWindow.get(start) ?? []
    const final = found.find(({ count }) => count === samplesIn(schedule, start))
    if (!final) return []
    const endMs = start + schedule.windowMs
    const first = found.find(({ arrivedMs }) => arrivedMs >= endMs) ?? final
    const after = (arrival: Arrival) => Math.max(arrival.arrivedMs - endMs, 0)
    return [{ endMs, firstMs: after(first), finalMs: after(final), final }]
  })
  return { windows, incomplete: starts.length - windows.length }
}

/** Milliseconds. */
export interface Percentiles {
  readonly p50: number
  readonly p90: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

export const percentiles = (values: readonly number[]): Percentiles => ({
  p50: percentile(values, 50),
  p90: percentile(values, 90),
  p95: percentile(values, 95),
  p99: percentile(values, 99),
  max: percentile(values, 100),
})

/** Where the final value's latency went, in milliseconds: medians, so they need not add up to the whole. */
export interface Split {
  /** Window end to the start of the batch that brought the final value. */
  readonly trigger: number
  readonly planning: number
  readonly state: number
  /** The rest until Spark handed the result to the Kafka client: reading, computing, writing. */
  readonly sourceAndSink: number
  /** From there to its arrival here. */
  readonly kafka: number
}

/** Undefined where no window's batch is known. */
export function splitOf(
  windows: readonly WindowLatency[],
  batches: readonly BatchTimes[],
): Split | undefined {
  const parts = windows.flatMap((window) => {
    const batch = batches.findLast(({ startMs, rows }) => rows > 0 && startMs <= window.final.recordMs)
    return batch ? [splitOne(window, batch)] : []
  })
  if (parts.length === 0) return undefined
  const middle = (part: keyof Split) => median(parts.map((split) => split[part]))
  return {
    trigger: middle('trigger'),
    planning: middle('planning'),
    state: middle('state'),
    sourceAndSink: middle('sourceAndSink'),
    kafka: middle('kafka'),
  }
}

function splitOne({ endMs, final }: WindowLatency, { startMs, planningMs, stateMs }: BatchTimes): Split {
  const rest = final.recordMs - startMs - planningMs - stateMs
  return {
    trigger: Math.max(startMs - endMs, 0),
    planning: planningMs,
    state: stateMs,
    sourceAndSink: Math.max(rest, 0),
    kafka: Math.max(final.arrivedMs - final.recordMs, 0),
  }
}

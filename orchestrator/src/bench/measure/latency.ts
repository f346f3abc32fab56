import { median, percentile } from '../../statistics.ts'
import type { BatchTimes } from '../driver/protocol.ts'
import type { Arrival } from '../load/arrivals.ts'
import { type Schedule, type Span, samplesIn, windowsIn } from '../load/schedule.ts'

/** Milliseconds from the end of a window; 0 if the result arrived before that. */
export interface WindowLatency {
  readonly endMs: number
  /** Until the first result at or after the end. */
  readonly firstMs: number
  /** Until the result that counts every sample of the window. */
  readonly finalMs: number
  readonly final: Arrival
}

export interface Latencies {
  readonly windows: readonly WindowLatency[]
  /** Number of windows of which no result counts exactly the samples that were sent. */
  readonly incomplete: number
}

/** Measures each window of the span by its results, which are in order of arrival. */
export function windowLatencies(arrivals: readonly Arrival[], schedule: Schedule, span: Span): Latencies {
  const byWindow = new Map<number, Arrival[]>()
  for (const arrival of arrivals)
    if (!byWindow.get(arrival.windowStartMs)?.push(arrival)) byWindow.set(arrival.windowStartMs, [arrival])
  const starts = windowsIn(schedule, span)
  const windows = starts.flatMap((start) => {
    const results = byWindow.get(start) ?? []
    const final = results.find(({ count }) => count === samplesIn(schedule, start))
    if (!final) return []
    const endMs = start + schedule.windowMs
    const first = results.find(({ arrivedMs }) => arrivedMs >= endMs) ?? final
    const msAfterEnd = (arrival: Arrival) => Math.max(arrival.arrivedMs - endMs, 0)
    return [{ endMs, firstMs: msAfterEnd(first), finalMs: msAfterEnd(final), final }]
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

/** The parts of the final value's latency, in milliseconds: medians, so they need not add up to the whole. */
export interface Split {
  /** From the end of the window to the start of the batch that wrote the final value. */
  readonly trigger: number
  readonly planning: number
  readonly state: number
  /** Reading, computing and writing: the rest until the broker appended the result. */
  readonly sourceAndSink: number
  /** From the broker to the arrival here. */
  readonly kafka: number
}

/** Undefined if the batch of no window is known. */
export function splitOf(
  windows: readonly WindowLatency[],
  batches: readonly BatchTimes[],
): Split | undefined {
  const parts = windows.flatMap((window) => {
    const batch = batches.findLast(({ startMs, records }) => records > 0 && startMs <= window.final.recordMs)
    return batch ? [splitOfWindow(window, batch)] : []
  })
  if (parts.length === 0) return undefined
  const medianOf = (part: keyof Split) => median(parts.map((split) => split[part]))
  return {
    trigger: medianOf('trigger'),
    planning: medianOf('planning'),
    state: medianOf('state'),
    sourceAndSink: medianOf('sourceAndSink'),
    kafka: medianOf('kafka'),
  }
}

function splitOfWindow({ endMs, final }: WindowLatency, { startMs, planningMs, stateMs }: BatchTimes): Split {
  const rest = final.recordMs - startMs - planningMs - stateMs
  return {
    trigger: Math.max(startMs - endMs, 0),
    planning: planningMs,
    state: stateMs,
    sourceAndSink: Math.max(rest, 0),
    kafka: Math.max(final.arrivedMs - final.recordMs, 0),
  }
}

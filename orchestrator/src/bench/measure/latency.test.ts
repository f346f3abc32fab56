import { describe, expect, it } from 'vitest'
import type { Arrival } from '../load/arrivals.ts'
import { percentiles, splitOf, windowLatencies } from './latency.ts'

const schedule = { startMs: 10_000, rate: 1_000, samples: 2_000, windowMs: 500 }
const span = { fromMs: 10_000, untilMs: 11_000 }
const arrival = (
  windowStartMs: number,
  count: number,
  arrivedMs: number,
  recordMs = arrivedMs - 2,
): Arrival => ({
  windowStartMs,
  count,
  arrivedMs,
  recordMs,
})

describe('windowLatencies', () => {
  it('measures from the end of a window to the first result after it and to the final result', () => {
    const arrivals = [
      arrival(10_000, 300, 10_400), // before the end of the window
      arrival(10_000, 450, 10_560),
      arrival(10_500, 100, 10_700),
      arrival(10_000, 500, 10_700),
      arrival(10_500, 500, 11_040),
      arrival(11_000, 500, 11_600), // outside the span
    ]
    const { windows, incomplete } = windowLatencies(arrivals, schedule, span)
    expect(windows.map(({ firstMs, finalMs }) => ({ firstMs, finalMs }))).toEqual([
      { firstMs: 60, finalMs: 200 },
      { firstMs: 40, finalMs: 40 },
    ])
    expect(incomplete).toBe(0)
  })

  it('counts windows that lack samples, or count some twice, as incomplete', () => {
    const arrivals = [arrival(10_000, 499, 10_600), arrival(10_500, 501, 11_100)]
    expect(windowLatencies(arrivals, schedule, span)).toEqual({ windows: [], incomplete: 2 })
  })

  it('has no latency for a value that was final before the window ended', () => {
    const slow = { ...schedule, rate: 10, samples: 20 }
    const { windows } = windowLatencies([arrival(10_000, 5, 10_420), arrival(10_500, 5, 11_001)], slow, span)
    expect(windows.map(({ firstMs, finalMs }) => [firstMs, finalMs])).toEqual([
      [0, 0],
      [1, 1],
    ])
  })
})

it('computes the percentiles of a latency', () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index)
  expect(percentiles(values)).toEqual({ p50: 100, p90: 180, p95: 190, p99: 198, max: 200 })
})

describe('splitOf', () => {
  const windows = windowLatencies(
    [arrival(10_000, 500, 10_800, 10_790), arrival(10_500, 500, 11_300, 11_296)],
    schedule,
    span,
  ).windows
  const batch = (startMs: number, records = 100) => ({ startMs, records, planningMs: 50, stateMs: 70 })

  it('splits a latency into waiting for the trigger, planning, state, the rest of the batch, and Kafka', () => {
    expect(splitOf(windows, [batch(10_300), batch(10_600), batch(11_100)])).toEqual({
      trigger: 100,
      planning: 50,
      state: 70,
      sourceAndSink: (190 - 120 + 196 - 120) / 2,
      kafka: 7,
    })
  })

  it('skips batches that read nothing', () => {
    expect(splitOf(windows.slice(0, 1), [batch(10_600), batch(10_780, 0)])?.trigger).toBe(100)
  })

  it('is undefined without batches', () => {
    expect(splitOf(windows, [])).toBeUndefined()
  })
})

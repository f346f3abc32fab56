import { expect, it } from 'vitest'
import { dueBy, intendedMs, makeSchedule, samplesIn, sampleValue, windowsIn } from './schedule.ts'

const schedule = { startMs: 10_000, rate: 1_000, samples: 3_000, windowMs: 500 }

it('begins at the start of a window, no earlier than required', () => {
  const options = { seconds: 3, rate: 1_000, windowMs: 500 }
  expect(makeSchedule({ ...options, notBeforeMs: 10_201 })).toEqual({ ...schedule, startMs: 10_500 })
  expect(makeSchedule({ ...options, notBeforeMs: 10_500 }).startMs).toBe(10_500)
})

it.each([
  { nowMs: 9_999, due: 0 },
  { nowMs: 10_000, due: 1 },
  { nowMs: 10_000.9, due: 1 },
  { nowMs: 10_002, due: 3 },
  { nowMs: 99_000, due: 3_000 },
])('has $due samples due at $nowMs', ({ nowMs, due }) => {
  expect(dueBy(schedule, nowMs)).toBe(due)
})

it('makes every sample due at its intended time, and none before', () => {
  const odd = { ...schedule, rate: 333 }
  for (let sample = 0; sample < 1_000; sample += 1) {
    expect(dueBy(odd, intendedMs(odd, sample) + 0.001)).toBe(sample + 1)
    expect(dueBy(odd, intendedMs(odd, sample) - 0.001)).toBe(sample)
  }
})

it.each([1_000, 333, 20, 7])('puts every sample into one window, by the time in its value (%i/s)', (rate) => {
  const some = { ...schedule, rate, samples: rate * 3 }
  const counted = new Map<number, number>()
  for (let sample = 0; sample < some.samples; sample += 1) {
    const timeMs = Number(sampleValue(some, sample).split(',')[0])
    const start = timeMs - (timeMs % some.windowMs)
    counted.set(start, (counted.get(start) ?? 0) + 1)
  }
  for (const [start, count] of counted) expect(samplesIn(some, start)).toBe(count)
  const windows = windowsIn(some, { fromMs: 0, untilMs: 20_000 })
  expect(windows).toEqual([...counted.keys()])
})

it('lists only windows that lie entirely within a span', () => {
  expect(windowsIn(schedule, { fromMs: 10_001, untilMs: 11_999 })).toEqual([10_500, 11_000])
  expect(windowsIn(schedule, { fromMs: 10_000, untilMs: 11_000 })).toEqual([10_000, 10_500])
})

it('makes values of normal operation', () => {
  expect(sampleValue(schedule, 0)).toBe('10000,11.80')
  for (let sample = 0; sample < 600; sample += 1)
    expect(Math.abs(Number(sampleValue(schedule, sample).split(',')[1]) - 14.5)).toBeLessThanOrEqual(2.71)
})

import type { Status, WindowResult } from '../anomaly/result.ts'

const T0 = Date.parse('2026-01-01T00:00:00Z')
const SCORES: Readonly<Record<Status, number>> = { SAFE: 0, WARN: 1.5, ERROR: 3 }

/** A result of the window that starts this many milliseconds after a fixed time. */
export const resultAt = (offsetMs: number, status: Status, count = 1): WindowResult => ({
  window: { start: new Date(T0 + offsetMs).toISOString(), end: new Date(T0 + offsetMs + 500).toISOString() },
  mean: 14.5 + 2.7 * SCORES[status],
  stddev: null,
  count,
  status,
  score: SCORES[status],
  series: '',
  normal_mean: 14.5,
  normal_stddev: 2.7,
  normal: 'settings',
})

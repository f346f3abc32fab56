import type { Calibration, Method, Normal, Preview } from './protocol.ts'

type Pairs = Normal['pairs']

/** As of the original data: anomalies make plain four times as wide as robust. */
const PAIRS: Pairs = {
  plain: { mean: 17.68, stddev: 12.52, is_floor: false },
  robust: { mean: 14.84, stddev: 3.14, is_floor: false },
  target: { mean: 14.9, stddev: 1.2, is_floor: false },
}

export const normalOf = (over: Partial<Normal> = {}): Normal => ({
  event: 'normal',
  series: null,
  hour: null,
  samples: 100_000,
  windows: 2_000,
  is_enough: true,
  median: 14.84,
  mad: 2.12,
  window_spread: 0.3,
  pairs: PAIRS,
  ...over,
})

export const previewOf = (method: Method | 'present', over: Partial<Preview> = {}): Preview => ({
  event: 'preview',
  method,
  ...(method === 'present' ? { mean: 14.5, stddev: 2.7, is_floor: false } : PAIRS[method]),
  windows: 2_000,
  warn: 0,
  error: 3,
  longest_run: 2,
  extremes: [
    { series: '', start_ms: 1_509_009_802_500, mean: 74.333, score: 18.9, status: 'ERROR' },
    { series: '', start_ms: 1_509_009_796_000, mean: 38.5, score: 7.5, status: 'ERROR' },
  ],
  ...over,
})

export const calibrationOf = (over: Partial<Calibration> = {}): Calibration => ({
  input: {
    event: 'input',
    samples: 100_000,
    rejected: {},
    windows: 2_000,
    series: 1,
    first_ms: 1_509_009_792_500,
    last_ms: 1_509_010_792_000,
  },
  normals: [normalOf()],
  previews: (['present', 'plain', 'robust', 'target'] as const).map((method) => previewOf(method)),
  histogram: { event: 'histogram', start: 12, width: 2, counts: [1_900, 97, 0, 2, ...Array(27).fill(0), 1] },
  check: undefined,
  ...over,
})

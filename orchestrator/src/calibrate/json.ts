import type { Calibration, Check, Normal, Preview, Request } from './protocol.ts'
import { type Recommendation, remarks } from './recommend.ts'

type Limits = Pick<Request, 'warn_share' | 'min_deviation'>

/** The lines of `--json`: what was read, the pair of each group, a preview per pair, the histogram, the recommendation. */
export function calibrationJson(
  calibration: Calibration,
  limits: Limits,
  taken: Recommendation | undefined,
): object[] {
  const { input, normals, previews, histogram } = calibration
  const { samples, rejected, windows, series, first_ms, last_ms } = input
  return [
    { calibrate: 'input', samples, rejected, windows, series, first: iso(first_ms), last: iso(last_ms) },
    ...normals.map(normalJson),
    ...previews.map(previewJson),
    ...(histogram
      ? [{ calibrate: 'histogram', start: histogram.start, width: histogram.width, counts: histogram.counts }]
      : []),
    { calibrate: 'recommendation', ...taken, remarks: remarks(calibration, limits) },
  ]
}

const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString())

function normalJson({ series, hour, samples, windows, is_enough, median, mad, pairs }: Normal): object {
  const shown = Object.entries(pairs).map(([method, { mean, stddev, is_floor }]) => [
    method,
    { mean, stddev, isFloor: is_floor },
  ])
  return {
    calibrate: 'normal',
    series,
    hourOfWeek: hour,
    samples,
    windows,
    isEnough: is_enough,
    median,
    mad,
    ...Object.fromEntries(shown),
  }
}

function previewJson({ method, mean, stddev, windows, warn, error, longest_run, extremes }: Preview): object {
  return {
    calibrate: 'preview',
    method,
    mean,
    stddev,
    windows,
    warn,
    error,
    longestRun: longest_run,
    extremes: extremes.map(({ start_ms, ...extreme }) => ({ start: iso(start_ms), ...extreme })),
  }
}

export function checkJson(check: Check): object {
  return {
    calibrate: 'check',
    compared: check.compared,
    differing: check.differing,
    predicted: { warn: check.predicted_warn, error: check.predicted_error, samples: check.predicted_samples },
    said: { warn: check.said_warn, error: check.said_error, samples: check.said_samples },
    first: check.first.map(({ start_ms, ...window }) => ({ start: iso(start_ms), ...window })),
  }
}

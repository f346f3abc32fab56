import { formatCount } from '../terminal/units.ts'
import {
  type Calibration,
  METHODS,
  type Method,
  type Normal,
  type Preview,
  type Request,
} from './protocol.ts'

export interface Recommendation {
  readonly method: Method
  /** One sentence. */
  readonly why: string
}

/** Of normally distributed means, 1 % are further above the middle than this many of their standard deviations. */
const SELDOM = 2.33
/** The wider deviation is not due to chance. */
const MUCH_WIDER = 1.25

/** Which pair to take, from all samples together; `wanted` is the user's own choice. */
export function recommend(
  { normals, previews }: Pick<Calibration, 'normals' | 'previews'>,
  request: Pick<Request, 'warn_share'>,
  wanted?: Method,
): Recommendation | undefined {
  const [overall] = normals
  if (!overall) return undefined
  const method = wanted ?? bestMethod(overall, request.warn_share)
  const preview = previews.find((each) => each.method === method)
  return preview && { method, why: reasonFor(method, overall, preview, wanted !== undefined) }
}

/**
 * robust, unless it would flag windows that only vary as the others do: that is so if windows have few samples, because
 * it measures how samples vary, not windows.
 */
function bestMethod(overall: Normal, warnShare: number): Method {
  const canTarget = overall.is_enough && overall.windows * warnShare >= 1
  if (overall.mad === 0) return canTarget ? 'target' : 'plain'
  const isQuiet = overall.pairs.robust.stddev >= SELDOM * overall.window_spread
  return isQuiet || !canTarget ? 'robust' : 'target'
}

function reasonFor(method: Method, overall: Normal, preview: Preview, isWanted: boolean): string {
  if (isWanted) return 'it is the one that you asked for'
  const { plain, robust } = overall.pairs
  const flagged = preview.warn + preview.error
  const anomalies =
    flagged === 0 ? 'it would flag no window' : `it would flag ${windows(flagged, preview.windows)}`
  if (method === 'robust') {
    const ratio = plain.stddev / robust.stddev
    return ratio > MUCH_WIDER
      ? `outliers do not widen it, as they widen plain (${ratio.toFixed(1)} times), and ${anomalies}`
      : `it is the spread of most samples, which outliers cannot widen, and ${anomalies}`
  }
  if (method === 'plain')
    return `more than half of the samples are equal, so robust sees no spread; ${anomalies}`
  return overall.mad === 0
    ? `more than half of the samples are equal, so robust sees no spread, and ${anomalies}`
    : `the means of normal windows vary almost as much as samples do, so that robust would flag many; ${anomalies}`
}

const windows = (count: number, all: number): string => `${formatCount(count)} of ${formatCount(all)} windows`

/** What stands against trusting a pair: too little data, no spread, an idle host. */
export function remarks(
  { normals, previews, input }: Pick<Calibration, 'normals' | 'previews' | 'input'>,
  request: Pick<Request, 'warn_share' | 'min_deviation'>,
): string[] {
  const [overall] = normals
  if (!overall) return []
  const floored = METHODS.filter((method) => overall.pairs[method].is_floor)
  const few = normals.slice(1).filter(({ is_enough }) => !is_enough).length
  const found: (string | false)[] = [
    !overall.is_enough &&
      `There are only ${windowCount(overall.windows)} (${formatCount(overall.samples)} samples): with less than 30, take these figures as a first guess.`,
    overall.is_enough &&
      overall.windows * request.warn_share < 1 &&
      `With ${windowCount(overall.windows)}, a target of ${percent(request.warn_share)} means that none of them may be WARN.`,
    overall.mad === 0 &&
      'More than half of the samples are equal, so their median absolute deviation is 0 (MAD = 0).',
    floored.length > 0 &&
      `${floored.join(', ')}: the spread is below MIN_DEVIATION, so NORMAL_STDDEV is ${request.min_deviation}.`,
    overall.median < 1 &&
      overall.median >= 0 &&
      `The host is idle: half of the samples are at or below ${Number(overall.median.toFixed(2))} %. Calibrate again when it does its usual work.`,
    few > 0 &&
      `${formatCount(few)} of ${formatCount(normals.length - 1)} groups have less than 30 windows, and keep the present settings or their series' own.`,
    input.windows > 0 &&
      previews.every(({ warn, error }) => (warn + error) / input.windows > 0.2) &&
      'Every pair would flag a fifth of the windows: these are not the samples of one normal state. Leave out what is not normal with --exclude, or use --by.',
  ]
  return found.filter((line) => line !== false)
}

const percent = (share: number) => `${Number((share * 100).toPrecision(3))} %`
const windowCount = (count: number) => (count === 1 ? 'one window' : `${formatCount(count)} windows`)

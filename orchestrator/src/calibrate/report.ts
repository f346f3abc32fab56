import type { Config } from '../config/config.ts'
import type { colors as terminalColors } from '../terminal/colors.ts'
import type { Calibration, Request } from './protocol.ts'
import { type Recommendation, remarks } from './recommend.ts'
import { extremeLines, groupLines, histogramLines, inputLines, marksOf, pairTable } from './view.ts'

type Detector = Pick<Config['detector'], 'direction' | 'windowMs'>
type Limits = Pick<Request, 'warn_share' | 'min_deviation' | 'by_key' | 'by_hour'>

/** What a person sees: what was read, the pairs, which one to take and why, and where it lies among the window means. */
export function reportLines(
  calibration: Calibration,
  limits: Limits,
  taken: Recommendation | undefined,
  { direction, windowMs }: Detector,
  colors: typeof terminalColors,
): string[] {
  const { input, normals, previews, histogram } = calibration
  const isByGroup = limits.by_key || limits.by_hour
  const preview = previews.find(({ method }) => method === taken?.method)
  return [
    ...inputLines(input, windowMs),
    '',
    ...pairTable(previews, taken, colors, isByGroup),
    '',
    ...(taken && preview
      ? [
          isByGroup
            ? `Take ${colors.bold(taken.method)} for each group: ${taken.why}.`
            : `Take ${colors.bold(taken.method)} (NORMAL_MEAN=${preview.mean}, NORMAL_STDDEV=${preview.stddev}): ${taken.why}.`,
        ]
      : []),
    ...remarks(calibration, limits).map((line) => colors.yellow(line)),
    ...(taken && isByGroup ? ['', ...groupLines(normals, taken.method)] : []),
    ...(preview ? ['', 'Most extreme windows:', ...extremeLines(preview)] : []),
    ...(histogram && preview && !isByGroup
      ? ['', 'Windows by mean:', ...histogramLines(histogram, marksOf(preview, direction), colors)]
      : []),
  ]
}

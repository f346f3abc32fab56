import { plot, red, yellow } from 'asciichart'
import { errorColors } from '../terminal/colors.ts'
import type { Normal } from './normal.ts'

const HEIGHT = 8
const AXIS_WIDTH = 8

/** Plots means over time, as wide as the terminal has room for; with colours, the WARN and ERROR limits too. */
export function chartOfMeans(means: readonly number[], normal: Normal, terminalWidth: number): string {
  const perMean = Math.max(Math.floor((terminalWidth - AXIS_WIDTH) / Math.max(means.length, 1)), 1)
  const columns = means.flatMap((mean) => Array.from({ length: Math.min(perMean, 3) }, () => mean))
  const limit = (sigmas: number) => columns.map(() => normal.mean + sigmas * normal.stddev)
  const withLimits = errorColors.isColorSupported
  return plot(withLimits ? [limit(1), limit(2), columns] : [columns], {
    height: HEIGHT,
    min: 0,
    max: 100,
    colors: withLimits ? [yellow, red, undefined] : [],
    format: (value) => `${value.toFixed(0).padStart(3)} %`,
  })
}

import { plot, red, yellow } from 'asciichart'
import { errorColors } from '../terminal/colors.ts'
import { NORMAL } from './simulated-hour.ts'

const HEIGHT = 8
const AXIS_WIDTH = 8
const MAX_WIDTH = 100

/** Plots means over time, each column at its highest; with colours, the WARN and ERROR limits too. */
export function chartOfMeans(means: readonly number[], terminalWidth: number): string {
  const width = Math.max(Math.min(terminalWidth, MAX_WIDTH) - AXIS_WIDTH, 10)
  const columns = columnMaxima(means, width)
  const limit = (sigmas: number) => columns.map(() => NORMAL.mean + sigmas * NORMAL.stddev)
  const withLimits = errorColors.isColorSupported
  return plot(withLimits ? [limit(1), limit(2), columns] : [columns], {
    height: HEIGHT,
    min: 0,
    colors: withLimits ? [yellow, red, undefined] : [],
    format: (value) => `${value.toFixed(0).padStart(3)} %`,
  })
}

function columnMaxima(values: readonly number[], width: number): number[] {
  const columns = Math.min(width, values.length)
  return Array.from({ length: columns }, (_, column) => {
    const first = Math.floor((column * values.length) / columns)
    const next = Math.floor(((column + 1) * values.length) / columns)
    return values
      .slice(first, next)
      .reduce((highest, value) => Math.max(highest, value), Number.NEGATIVE_INFINITY)
  })
}

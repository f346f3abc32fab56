import { colors as terminalColors } from '../terminal/colors.ts'
import { escapeControls } from '../terminal/text.ts'
import type { Status, WindowResult } from './result.ts'

export interface FormatOptions {
  /** `NORMAL_MEAN` and `NORMAL_STDDEV`, percent: the reason names the mean if the result was judged by them. */
  readonly normalMean: number
  readonly normalStddev: number
  /** Shows the date before the time (default false). */
  readonly showsDate?: boolean
  /** Columns of the terminal. */
  readonly width: number
  /** For tests; by default colours depend on NO_COLOR and on the terminal. */
  readonly colors?: typeof terminalColors
}

type Column = 'time' | 'status' | 'mean' | 'score' | 'bar' | 'reason' | 'count' | 'series'

// From widest to narrowest; the first one that fits is used.
const LAYOUTS: readonly (readonly Column[])[] = [
  ['time', 'status', 'mean', 'score', 'bar', 'count', 'reason', 'series'],
  ['time', 'status', 'mean', 'score', 'bar', 'reason', 'series'],
  ['time', 'status', 'mean', 'score', 'reason', 'series'],
  ['time', 'status', 'mean', 'score', 'bar', 'series'],
  ['time', 'status', 'mean', 'score', 'series'],
  ['time', 'status', 'score', 'series'],
  ['time', 'status'],
]

const BAR_CELLS = 10
const SERIES_LIMIT = 40

/** Formats a result as one line of a terminal: time, status, distance from normal and reason, as far as they fit. */
export function formatResult(result: WindowResult, options: FormatOptions): string {
  const columns = columnTexts(result, options)
  const texts = (layout: readonly Column[]) => layout.filter((column) => columns[column] !== '')
  const length = (layout: readonly Column[]) =>
    texts(layout).reduce((sum, column) => sum + columns[column].length + 2, -2)
  const layout = LAYOUTS.find((candidate) => length(candidate) <= options.width) ?? LAYOUTS.at(-1) ?? []
  return texts(layout)
    .map((column) => paint(column, columns[column], result.status, options.colors ?? terminalColors))
    .join('  ')
    .trimEnd()
}

type Normal = Pick<FormatOptions, 'normalMean' | 'normalStddev'>

/**
 * Explains why a window has its status. The job may have judged it by other settings than today's: then the score does
 * not follow from them, and the reason does not name them.
 */
export function reason(result: WindowResult, normal: Normal): string {
  const { mean, score, status, count } = result
  const side = score < 0 ? 'below' : 'above'
  const distance = Math.abs(score).toFixed(1)
  const samples = count === 1 ? ' (one sample)' : ''
  const value = isJudgedBy(result, normal) ? ` ${normal.normalMean} %` : ''
  if (status === 'SAFE')
    return `mean ${mean.toFixed(2)} % is within normal, ${distance} sigma ${side}${value || ' it'}${samples}`
  return `mean ${mean.toFixed(2)} % is ${distance} sigma ${side} normal${value}${samples}`
}

/** Does the score follow from these settings? */
function isJudgedBy({ mean, score }: WindowResult, { normalMean, normalStddev }: Normal): boolean {
  const expected = (mean - normalMean) / normalStddev
  return Math.abs(score - expected) <= 1e-9 * Math.max(1, Math.abs(expected))
}

/** Draws a horizontal bar with a resolution of an eighth of a cell. */
export function bar(percent: number, cells = BAR_CELLS): string {
  const eighths = Math.round((Math.min(Math.max(percent, 0), 100) / 100) * cells * 8)
  const rest = eighths % 8
  const part = rest === 0 ? '' : String.fromCharCode(0x2590 - rest) // ▏ is U+258F, ▉ is U+2589
  return ('█'.repeat(Math.floor(eighths / 8)) + part).padEnd(cells)
}

function columnTexts(result: WindowResult, options: FormatOptions): Record<Column, string> {
  const start = new Date(result.window.start).toISOString()
  const spread = result.stddev === null ? '' : ` ± ${result.stddev.toFixed(2)}`
  return {
    time: options.showsDate ? start.replace('T', ' ') : start.slice(11),
    status: result.status.padEnd(5),
    mean: `${`${result.mean.toFixed(2)}${spread}`.padStart(13)} %`,
    score: `${result.score < 0 ? '-' : '+'}${Math.abs(result.score).toFixed(1)}σ`.padStart(6),
    bar: bar(result.mean),
    count: `n=${result.count}`.padEnd(6),
    reason: reason(result, options),
    series: clip(escapeControls(result.series), SERIES_LIMIT),
  }
}

function paint(column: Column, text: string, status: Status, colors: typeof terminalColors): string {
  const byStatus = { SAFE: colors.green, WARN: colors.yellow, ERROR: colors.red }[status]
  switch (column) {
    case 'status':
      return colors.bold(byStatus(text))
    case 'score':
    case 'bar':
      return byStatus(text)
    case 'time':
    case 'count':
      return colors.dim(text)
    case 'series':
      return colors.cyan(text)
    default:
      return text
  }
}

const clip = (text: string, limit: number): string =>
  text.length <= limit ? text : `${text.slice(0, limit - 1)}…`

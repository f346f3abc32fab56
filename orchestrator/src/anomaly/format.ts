import { colors as terminalColors } from '../terminal/colors.ts'
import { escapeControls } from '../terminal/text.ts'
import type { Status, WindowResult } from './result.ts'

export interface FormatOptions {
  /** `NORMAL_MEAN`, percent: the reason compares the mean with it. */
  readonly normalMean: number
  /** Columns of the terminal. */
  readonly width: number
  /** For tests; by default colours depend on NO_COLOR and on the terminal. */
  readonly colors?: typeof terminalColors
}

type Column = 'date' | 'time' | 'status' | 'mean' | 'score' | 'bar' | 'reason' | 'count' | 'series'

// From widest to narrowest; the first one that fits is used.
const LAYOUTS: readonly (readonly Column[])[] = [
  ['date', 'time', 'status', 'mean', 'score', 'bar', 'count', 'reason', 'series'],
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

/** Explains why a window has its status. */
export function reason({ mean, score, status, count }: WindowResult, normalMean: number): string {
  const side = score < 0 ? 'below' : 'above'
  const distance = Math.abs(score).toFixed(1)
  const samples = count === 1 ? ' (one sample)' : ''
  if (status === 'SAFE')
    return `mean ${mean.toFixed(2)} % is within normal, ${distance} sigma ${side} ${normalMean} %${samples}`
  return `mean ${mean.toFixed(2)} % is ${distance} sigma ${side} normal ${normalMean} %${samples}`
}

/** Draws a horizontal bar with a resolution of an eighth of a cell. */
export function bar(percent: number, cells = BAR_CELLS): string {
  const eighths = Math.round((Math.min(Math.max(percent, 0), 100) / 100) * cells * 8)
  const rest = eighths % 8
  const part = rest === 0 ? '' : String.fromCharCode(0x2590 - rest) // ▏ is U+258F, ▉ is U+2589
  return ('█'.repeat(Math.floor(eighths / 8)) + part).padEnd(cells)
}

function columnTexts(result: WindowResult, { normalMean }: FormatOptions): Record<Column, string> {
  const start = new Date(result.window.start).toISOString()
  const spread = result.stddev === null ? '' : ` ± ${result.stddev.toFixed(2)}`
  return {
    date: start.slice(0, 10),
    time: start.slice(11),
    status: result.status.padEnd(5),
    mean: `${`${result.mean.toFixed(2)}${spread}`.padStart(13)} %`,
    score: `${result.score < 0 ? '-' : '+'}${Math.abs(result.score).toFixed(1)}σ`.padStart(6),
    bar: bar(result.mean),
    count: `n=${result.count}`.padEnd(6),
    reason: reason(result, normalMean),
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
    case 'date':
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

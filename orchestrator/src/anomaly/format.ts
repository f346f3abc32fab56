import { colors as terminalColors } from '../terminal/colors.ts'
import { cellsOf, escapeControls, fitInto } from '../terminal/text.ts'
import type { Status, WindowResult } from './result.ts'

export interface FormatOptions {
  /** `NORMAL_MEAN` and `NORMAL_STDDEV`, percent: for results of earlier versions, which do not say their normal. */
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

interface Layout {
  readonly columns: readonly Column[]
  /** The series, last in the line, must get so many cells, or as many as it takes. */
  readonly seriesCells: number
}

// From widest to narrowest; the first one that fits is used.
const LAYOUTS: readonly Layout[] = [
  { columns: ['time', 'status', 'mean', 'score', 'bar', 'count', 'reason'], seriesCells: 40 },
  { columns: ['time', 'status', 'mean', 'score', 'bar', 'reason'], seriesCells: 40 },
  { columns: ['time', 'status', 'mean', 'score', 'reason'], seriesCells: 40 },
  { columns: ['time', 'status', 'mean', 'score', 'bar'], seriesCells: 40 },
  { columns: ['time', 'status', 'mean', 'score'], seriesCells: 12 },
  { columns: ['time', 'status', 'score'], seriesCells: 10 },
  { columns: ['time', 'status'], seriesCells: 3 },
]
const NARROWEST: Layout = { columns: ['time', 'status'], seriesCells: 0 }
const GAP = '  '
const SERIES_LIMIT = 200

const BAR_CELLS = 10

/**
 * Formats a result as one line of a terminal: time, status, distance from normal, reason and series, as far as they fit.
 * A long series is shortened before mean and score are left out.
 */
export function formatResult(result: WindowResult, options: FormatOptions): string {
  const texts = columnTexts(result, options)
  const seriesCells = cellsOf(texts.series)
  const cellsLeft = ({ columns }: Layout) =>
    options.width -
    cellsOf(columns.map((column) => texts[column]).join(GAP)) -
    (seriesCells > 0 ? GAP.length : 0)
  const layout =
    LAYOUTS.find((candidate) => cellsLeft(candidate) >= Math.min(seriesCells, candidate.seriesCells)) ??
    NARROWEST
  const series = layout === NARROWEST ? '' : fitInto(texts.series, cellsLeft(layout))
  const colors = options.colors ?? terminalColors
  return [...layout.columns, ...(series ? (['series'] as const) : [])]
    .map((column) => paint(column, column === 'series' ? series : texts[column], result.status, colors))
    .join(GAP)
    .trimEnd()
}

type Normal = Pick<FormatOptions, 'normalMean' | 'normalStddev'>

/** Explains why a window has its status: by the normal that it was held against, and whose that is if not the settings'. */
export function reason(result: WindowResult, normal: Normal): string {
  const { mean, score, status, count } = result
  const side = score < 0 ? 'below' : 'above'
  const distance = Math.abs(score).toFixed(1)
  const samples = count === 1 ? ' (one sample)' : ''
  const value = normalText(result, normal)
  if (status === 'SAFE')
    return `mean ${mean.toFixed(2)} % is within normal, ${distance} sigma ${side}${value || ' it'}${samples}`
  return `mean ${mean.toFixed(2)} % is ${distance} sigma ${side} normal${value}${samples}`
}

/** Empty if it is not known: a result of an earlier version, judged by other settings than today's. */
function normalText(result: WindowResult, normal: Normal): string {
  const { normal_mean: mean, normal_stddev: stddev } = result
  if (mean === null || stddev === null) return isJudgedBy(result, normal) ? ` ${normal.normalMean} %` : ''
  const own = { hour: ' of its hour of the week', series: ' of its series', settings: '' }[
    result.normal ?? 'settings'
  ]
  return own ? ` ${shown(mean)} ± ${shown(stddev)} %${own}` : ` ${shown(mean)} %`
}

/** Without the digits of a mean that was calibrated. */
const shown = (value: number): string => String(Number(value.toPrecision(4)))

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
    series: fitInto(escapeControls(result.series), SERIES_LIMIT),
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

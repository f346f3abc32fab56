import { colors as terminalColors } from '../terminal/colors.ts'
import { escapeControls } from '../terminal/text.ts'
import type { AnomalyRecord, Status } from './record.ts'

export interface FormatOptions {
  /** Percent, as in the settings: what the reason compares with. */
  readonly normalMean: number
  /** Columns of the terminal. */
  readonly width: number
  /** Replaced in tests; by default colour heeds NO_COLOR and the terminal. */
  readonly colors?: typeof terminalColors
}

type Column = 'date' | 'time' | 'status' | 'mean' | 'score' | 'bar' | 'reason' | 'count' | 'series'

// From the widest to the narrowest; the first one that fits is taken.
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

/** A result as one line for a person: when, how bad, how far from normal, and why, as far as the width allows. */
export function formatRecord(record: AnomalyRecord, options: FormatOptions): string {
  const columns = describe(record, options)
  const texts = (layout: readonly Column[]) => layout.filter((column) => columns[column] !== '')
  const length = (layout: readonly Column[]) =>
    texts(layout).reduce((sum, column) => sum + columns[column].length + 2, -2)
  const layout = LAYOUTS.find((candidate) => length(candidate) <= options.width) ?? LAYOUTS.at(-1) ?? []
  return texts(layout)
    .map((column) => paint(column, columns[column], record.status, options.colors ?? terminalColors))
    .join('  ')
    .trimEnd()
}

/** Why a window has its status, in words. */
export function reason({ mean, score, status, count }: AnomalyRecord, normalMean: number): string {
  const side = score < 0 ? 'below' : 'above'
  const distance = Math.abs(score).toFixed(1)
  const samples = count === 1 ? ' (one sample)' : ''
  if (status === 'SAFE')
    return `mean ${mean.toFixed(2)} % is within normal, ${distance} sigma ${side} ${normalMean} %${samples}`
  return `mean ${mean.toFixed(2)} % is ${distance} sigma ${side} normal ${normalMean} %${samples}`
}

/** A horizontal bar for a share of the whole, in eighths of a cell. */
export function bar(percent: number, cells = BAR_CELLS): string {
  const eighths = Math.round((Math.min(Math.max(percent, 0), 100) / 100) * cells * 8)
  const rest = eighths % 8
  const part = rest === 0 ? '' : String.fromCharCode(0x2590 - rest) // ▏ is U+258F, ▉ is U+2589
  return ('█'.repeat(Math.floor(eighths / 8)) + part).padEnd(cells)
}

function describe(record: AnomalyRecord, { normalMean }: FormatOptions): Record<Column, string> {
  const start = new Date(record.window.start).toISOString()
  const spread = record.stddev === null ? '' : ` ± ${record.stddev.toFixed(2)}`
  return {
    date: start.slice(0, 10),
    time: start.slice(11),
    status: record.status.padEnd(5),
    mean: `${`${record.mean.toFixed(2)}${spread}`.padStart(13)} %`,
    score: `${record.score < 0 ? '-' : '+'}${Math.abs(record.score).toFixed(1)}σ`.padStart(6),
    bar: bar(record.mean),
    count: `n=${record.count}`.padEnd(6),
    reason: reason(record, normalMean),
    series: clip(escapeControls(record.series), SERIES_LIMIT),
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

import type { Direction } from '../config/config.ts'
import type { colors as terminalColors } from '../terminal/colors.ts'
import { cellsOf, cutTo, shownName } from '../terminal/text.ts'
import { formatCount } from '../terminal/units.ts'
import type { Histogram, Input, Normal, Preview } from './protocol.ts'
import type { Recommendation } from './recommend.ts'

type Colors = typeof terminalColors

const WIDTH = 79

/** The lines that a person sees first: what was read. */
export function inputLines(
  { samples, rejected, windows, series, first_ms, last_ms }: Input,
  windowMs: number,
): string[] {
  const bad = Object.entries(rejected)
  const refused = bad.reduce((sum, [, count]) => sum + count, 0)
  const ofSeries = series > 1 ? ` of ${formatCount(series)} series` : ''
  const times =
    first_ms === null || last_ms === null
      ? ''
      : `, ${shortTime(first_ms)} to ${shortTime(last_ms + windowMs)}`
  const lines = [`${count(samples, 'sample')} in ${count(windows, 'window')}${ofSeries}${times}`]
  if (refused > 0) {
    const reasons = bad.map(([reason, number]) => `${reason} ${formatCount(number)}`).join(', ')
    lines.push(`${count(refused, 'line')} ${refused === 1 ? 'is' : 'are'} not a sample (${reasons})`)
  }
  return lines
}

const count = (number: number, noun: string) =>
  `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`

const HEAD = [
  '',
  'method',
  'NORMAL_MEAN',
  'NORMAL_STDDEV',
  'WARN',
  'ERROR',
  'run',
  'most extreme window',
] as const
const WIDTHS = [1, 7, 11, 13, 6, 6, 5, 22] as const

/** A row for each pair, the recommended one marked. At most 79 columns wide. */
export function pairTable(
  previews: readonly Preview[],
  taken: Recommendation | undefined,
  colors: Colors,
  isByGroup = false,
): string[] {
  const row = (cells: readonly string[]) =>
    cells
      .map((cell, index) =>
        index < 2 || index === 7 ? cell.padEnd(WIDTHS[index] ?? 0) : cell.padStart(WIDTHS[index] ?? 0),
      )
      .join(' ')
      .trimEnd()
  const lines = previews.map((preview) => {
    const isTaken = preview.method === taken?.method
    const isVaried = isByGroup && preview.method !== 'present'
    const line = row([
      isTaken ? '→' : '',
      preview.method,
      isVaried ? 'by group' : number(preview.mean),
      isVaried ? '' : number(preview.stddev),
      formatCount(preview.warn),
      formatCount(preview.error),
      formatCount(preview.longest_run),
      extremeText(preview),
    ])
    return isTaken ? colors.bold(colors.green(line)) : line
  })
  return [colors.dim(row(HEAD)), ...lines]
}

const number = (value: number): string => {
  const text = value.toFixed(2)
  return Number(text) === value ? text : String(value)
}

function extremeText({ extremes }: Preview): string {
  const [first] = extremes
  if (!first) return ''
  const time = new Date(first.start_ms).toISOString().slice(5, 19).replace('T', ' ')
  return cutTo(`${time} ${first.score < 0 ? '-' : '+'}${Math.abs(first.score).toFixed(1)}σ`, WIDTHS[7])
}

/** Each of the most extreme windows, by the pair that is taken. */
export function extremeLines({ extremes }: Preview): string[] {
  return extremes.map(({ series, start_ms, mean, score, status }) => {
    const name = series === '' ? '' : `  ${shownName(series)}`
    return `  ${new Date(start_ms).toISOString().replace('T', ' ')}  ${status.padEnd(5)}  ${mean.toFixed(2)} %  ${score < 0 ? '-' : '+'}${Math.abs(score).toFixed(1)}σ${name}`
  })
}

const BARS = ' ▁▂▃▄▅▆▇█'
const EIGHTHS = 8
const ROWS = 4
const MOST_COLUMNS = 60

interface Mark {
  readonly value: number
  readonly letter: 'N' | 'W' | 'E'
}

/** Where a mean becomes WARN and ERROR, and normal itself, from left to right. */
export function marksOf({ mean, stddev }: { mean: number; stddev: number }, direction: Direction): Mark[] {
  const above: Mark[] = [
    { value: mean + stddev, letter: 'W' },
    { value: mean + 2 * stddev, letter: 'E' },
  ]
  const below: Mark[] = [
    { value: mean - 2 * stddev, letter: 'E' },
    { value: mean - stddev, letter: 'W' },
  ]
  return [
    ...(direction === 'high' ? [] : below),
    { value: mean, letter: 'N' },
    ...(direction === 'low' ? [] : above),
  ]
}

/**
 * How many windows have which mean, as bars on a logarithmic scale, so that a single window can be seen beside a
 * million; with normal (N) and the thresholds of WARN (W) and ERROR (E) below.
 */
export function histogramLines(
  { start, width, counts }: Histogram,
  marks: readonly Mark[],
  colors: Colors,
): string[] {
  const columnOf = (value: number) => Math.floor((value - start) / width + 1e-9)
  const within = marks.map(({ value }) => columnOf(value)).filter((column) => column < MOST_COLUMNS)
  const columns = Math.max(counts.length, ...within.map((column) => column + 1))
  const cells = columns <= MOST_COLUMNS / 2 ? 2 : 1
  const most = Math.log1p(Math.max(...counts))
  const levels = Array.from({ length: columns }, (_, column) => levelOf(counts[column] ?? 0, most))
  const rows = Array.from({ length: ROWS }, (_, row) =>
    levels.map((level, column) => {
      const part = Math.min(Math.max(level - (ROWS - 1 - row) * EIGHTHS, 0), EIGHTHS)
      return paint((BARS[part] ?? ' ').repeat(cells), start + (column + 0.5) * width, marks, colors)
    }),
  )
  return [
    ...rows.map((row) => `  ${row.join('')}`),
    `  ${'─'.repeat(columns * cells)}`,
    `  ${markLine(marks, columnOf, columns, cells)}`,
    `  ${legend(start, start + columns * width, marks)}`,
  ]
}

const levelOf = (windows: number, most: number): number =>
  windows === 0 ? 0 : Math.max(Math.round((Math.log1p(windows) / most) * ROWS * EIGHTHS), 1)

function paint(text: string, mean: number, marks: readonly Mark[], colors: Colors): string {
  const normal = marks.find(({ letter }) => letter === 'N')?.value ?? mean
  const beyond = (letter: Mark['letter']) =>
    marks.some(
      (mark) => mark.letter === letter && (mark.value > normal ? mean > mark.value : mean < mark.value),
    )
  if (beyond('E')) return colors.red(text)
  return beyond('W') ? colors.yellow(text) : colors.green(text)
}

/** A letter at the column of each mark; one that is beyond the last column is left out, and the legend names it. */
function markLine(
  marks: readonly Mark[],
  columnOf: (value: number) => number,
  columns: number,
  cells: number,
): string {
  const line = Array.from({ length: columns * cells }, () => ' ')
  for (const { value, letter } of marks) {
    const at = columnOf(value) * cells
    if (at >= 0 && at < line.length) line[line[at] === ' ' ? at : Math.min(at + 1, line.length - 1)] = letter
  }
  return line.join('').trimEnd()
}

const WORDS = { N: 'normal', W: 'WARN', E: 'ERROR' } as const

function legend(from: number, to: number, marks: readonly Mark[]): string {
  const shown = (value: number) => `${Number(value.toFixed(2))} %`
  const named = marks.map(({ value, letter }) => `${letter} ${WORDS[letter]} ${shown(value)}`)
  return cutTo(`${shown(from)} to ${shown(to)}; ${named.join(', ')}`, WIDTH - 2)
}

const MOST_GROUPS = 20
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const

/** The pairs of the groups, those with the highest mean first; the rest is counted. */
export function groupLines(normals: readonly Normal[], method: keyof Normal['pairs']): string[] {
  const groups = normals.slice(1).toSorted((a, b) => b.pairs[method].mean - a.pairs[method].mean)
  const lines = groups.slice(0, MOST_GROUPS).map((normal) => {
    const { mean, stddev } = normal.pairs[method]
    const few = normal.is_enough ? '' : ', too few'
    const text = `  ${number(mean).padStart(8)} ± ${number(stddev).padEnd(6)} ${groupName(normal)} (${count(normal.windows, 'window')}${few})`
    return cellsOf(text) > WIDTH ? cutTo(text, WIDTH) : text
  })
  const more = groups.length - lines.length
  return more > 0 ? [...lines, `  and ${count(more, 'more group')}: --json prints all of them`] : lines
}

function groupName({ series, hour }: Pick<Normal, 'series' | 'hour'>): string {
  const name = series === null ? [] : [series === '' ? '(no key)' : shownName(series)]
  const time =
    hour === null ? [] : [`${DAYS[Math.floor(hour / 24)]} ${String(hour % 24).padStart(2, '0')}:00`]
  return [...name, ...time].join(' ')
}

const shortTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}Z`

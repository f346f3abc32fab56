import { CliError } from '../errors.ts'
import { parseJson } from '../system/json.ts'
import { plural } from '../terminal/units.ts'
import { type CpuColumn, cpuColumn } from './cpu-column.ts'
import { type Column, columnOf, type Head, headOf } from './head.ts'
import { isSeriesName } from './names.ts'
import type { TableOptions } from './options.ts'
import { isBlankValue, isNumber } from './read-cpu.ts'
import { timeKind } from './read-time.ts'
import { refuse } from './refuse.ts'
import { type Row, readRows, type Separator, UnclosedQuote } from './rows.ts'
import { type TimeColumn, timeColumn } from './time-column.ts'

/** How a table is to be read. */
export interface Layout {
  readonly separator: Separator
  readonly head: Head
  readonly time: TimeColumn
  readonly cpu: CpuColumn
  readonly series: Column | undefined
}

const SEPARATORS: readonly Separator[] = [';', '\t', '|', ',', 'blanks']
/** The other lines may be banners, or sections with other columns. */
const SEPARATED = 0.6

/**
 * Recognizes a table by its first bytes. `isWhole`: there are no more.
 * @throws CliError USAGE that says why there are no times or no CPU values in it, or that several columns may be them.
 */
export async function recognize(bytes: Buffer, isWhole: boolean, options: TableOptions): Promise<Layout> {
  requireNoJson(bytes)
  // With the wrong separator, quotes may seem never to be closed.
  let misread: CliError | undefined
  let failure: CliError | undefined
  for (const separator of SEPARATORS) {
    try {
      const rows = await firstRows(bytes, isWhole, separator)
      if (isSeparated(rows)) return layoutOf(rows, separator, options)
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      if (error instanceof UnclosedQuote) misread ??= error
      else failure ??= error
    }
  }
  throw failure ?? misread ?? refuse('its lines have only one column', EXPECTED)
}

const isSeparated = (rows: readonly Row[]): boolean =>
  rows.filter(({ fields }) => fields.length > 1).length >= Math.max(rows.length * SEPARATED, 1)

const EXPECTED = 'Expected at least a column of times and one of CPU values in percent.'

function layoutOf(rows: readonly Row[], separator: Separator, options: TableOptions): Layout {
  const head = headOf(rows)
  if (!head) throw withoutValues(rows)
  const time = timeColumn(head, options)
  const cpu = cpuColumn(head, time.indices, options)
  const taken = [...time.indices, cpu.index, cpu.core?.index]
  const free = head.columns.filter(({ index }) => !taken.includes(index))
  return { separator, head, time, cpu, series: seriesColumn(head, free, options) }
}

function withoutValues([first, ...others]: readonly Row[]): CliError {
  const other = others.find(({ fields }) => fields.length !== first?.fields.length)
  if (!first || !other) return refuse('it has only a header', EXPECTED)
  return refuse(
    `line ${first.line} has ${plural(first.fields.length, 'field')}, but line ${other.line} has ${other.fields.length}`,
    'Is there a decimal comma? Then separate the fields by semicolons, or put the number in quotes.',
  )
}

function seriesColumn(head: Head, free: readonly Column[], { series }: TableOptions): Column | undefined {
  if (series !== undefined) return columnOf(head, '--series', series)
  const named = free.find(({ name = '' }) => isSeriesName(name))
  if (named || head.names) return named
  const texts = free.filter(({ values }) => values.every(isText))
  return texts.length === 1 ? texts[0] : undefined
}

const isText = (value: string): boolean =>
  !isBlankValue(value) && !isNumber(value) && timeKind(value) === undefined

async function firstRows(bytes: Buffer, isWhole: boolean, separator: Separator): Promise<readonly Row[]> {
  const end = isWhole ? bytes.length : Math.max(bytes.lastIndexOf('\n'), bytes.lastIndexOf('\r')) + 1
  const rows: Row[] = []
  const once = async function* () {
    yield bytes.subarray(0, end)
  }
  try {
    for await (const some of readRows(once(), separator)) rows.push(...some)
  } catch (error) {
    // The quote may be closed behind these bytes.
    if (!(error instanceof UnclosedQuote) || isWhole) throw error
  }
  return rows
}

/** @throws CliError USAGE for JSON, with a way to send it. */
function requireNoJson(bytes: Buffer): void {
  const text = bytes.toString('utf8').replace(/^\ufeff/, '')
  if (!/^\s*(?:\{|\[\s*[{[])/.test(text)) return
  const isMetricbeat = /"system"\s*:\s*\{\s*"cpu"/.test(text) || /"dataset"\s*:\s*"system\.cpu"/.test(text)
  const isOverLines = !isMetricbeat || parseJson(text.split('\n', 1)[0] ?? '') === undefined
  const what = isMetricbeat ? 'an event of Metricbeat' : 'JSON'
  const format = isMetricbeat ? 'INPUT_FORMAT=metricbeat' : 'the INPUT_FORMAT of these records'
  throw refuse(
    `it is ${what}, not a table`,
    `Set ${format} in .env, and send it as it is, ${
      isOverLines ? 'each record on one line: jq -c . FILE | cpu-anomaly produce --raw -' : 'with --raw.'
    }`,
  )
}

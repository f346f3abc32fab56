import { type Column, columnOf, type Head } from './head.ts'
import {
  cpuRank,
  isCoreName,
  isCounterName,
  isIdleName,
  isIndexName,
  isOtherName,
  isSeriesName,
  isTotalName,
} from './names.ts'
import type { TableOptions } from './options.ts'
import { type CpuRules, isBlankValue, isNumber, isWithComma } from './read-cpu.ts'
import { describe, describeAll, refuse } from './refuse.ts'

/** Where the CPU values of a table are, and how they are read. */
export interface CpuColumn {
  readonly index: number
  readonly rules: CpuRules
  /** Says which core a row is about; only rows of all cores are read. */
  readonly core: Column | undefined
  readonly remark: string
}

const TOTAL = /^(?:all|-1|_?total|cpu-total)$/i
const ONE_CORE = /^(?:(?:cpu|core)-?)?\d{1,4}$/i

/** Is a row about all cores together? */
export const isTotal = (core: string): boolean => TOTAL.test(core)

/** @throws CliError USAGE if there is no CPU value, or if it may be in several columns. */
export function cpuColumn(head: Head, time: readonly number[], options: TableOptions): CpuColumn {
  const others = head.columns.filter(({ index }) => !time.includes(index))
  const core = coreColumn(head, others, time, options)
  const candidates = others.filter((column) => column !== core && isNumeric(column))
  const column =
    options.cpu === undefined ? findCpu(candidates, others, options) : columnOf(head, '--cpu', options.cpu)
  const isIdle = options.from === undefined ? isIdleName(column.name ?? '') : options.from === 'idle'
  const hasDecimalComma = column.values.some(isWithComma)
  const isAssumed =
    options.cpu === undefined && column.name !== undefined && cpuRank(column.name) === undefined
  return {
    index: column.index,
    rules: { isIdle, hasDecimalComma },
    core: column === core ? undefined : core,
    remark: `cpu = ${isIdle ? '100 - ' : ''}${describe(column)}${hasDecimalComma ? ' with decimal comma' : ''}${isAssumed ? ', assumed: no other column can be' : ''}`,
  }
}

/** The column of sadf, mpstat and Telegraf that says which core a row is about. */
function coreColumn(
  { rows }: Head,
  others: readonly Column[],
  time: readonly number[],
  { cpu }: TableOptions,
): Column | undefined {
  const hasOther = (column: Column) =>
    cpu !== undefined ||
    others.some((other) => other !== column && isNumeric(other) && cpuRank(other.name ?? '') !== undefined)
  const isCore = (column: Column) => {
    const { name = '', values } = column
    if (!isCoreName(name) || !values.every((value) => isTotal(value) || ONE_CORE.test(value))) return false
    const isTold = values.some((value) => isTotal(value) || /^[a-z]/i.test(value))
    const times = rows.map(({ fields }) => time.map((index) => fields[index]).join())
    const isRepeated = times.some(
      (each, at) => at > 0 && each === times[at - 1] && values[at] !== values[at - 1],
    )
    return (isTold || isRepeated) && hasOther(column)
  }
  return others.find(isCore)
}

/** Half of the values at least: others are blank, or counted as what they are. */
function isNumeric({ values }: Column): boolean {
  const filled = values.filter((value) => !isBlankValue(value))
  return filled.length > 0 && filled.filter(isNumber).length >= filled.length / 2
}

function findCpu(candidates: readonly Column[], others: readonly Column[], { from }: TableOptions): Column {
  const wanted = from === 'idle' && candidates.some(isIdle) ? candidates.filter(isIdle) : candidates
  const ranked = wanted.flatMap((column) => {
    const rank = cpuRank(column.name ?? '')
    return rank === undefined ? [] : [{ column, rank }]
  })
  const best = Math.min(...ranked.map(({ rank }) => rank))
  const named = ranked.filter(({ rank }) => rank === best).map(({ column }) => column)
  const totals = named.filter(({ name = '' }) => isTotalName(name))
  if (named.length > 0) return onlyOne(totals.length === 1 ? totals : named)
  const unnamed = candidates.filter(
    (column) => !isIndex(column) && !isOtherName(column.name ?? '') && !isSeriesName(column.name ?? ''),
  )
  if (unnamed.length > 0) return onlyOne(unnamed)
  const [only, ...more] = candidates
  if (only && more.length === 0 && only.name === undefined) return only
  throw noCpu(candidates, others)
}

const isIdle = ({ name = '' }: Column): boolean => isIdleName(name)

function onlyOne(columns: readonly Column[]): Column {
  const [first, second] = columns as readonly [Column, ...Column[]]
  if (second === undefined) return first
  throw refuse(
    `the CPU usage may be in ${describeAll(columns.slice(0, 8), ' or ')}${columns.length > 8 ? `, or ${columns.length - 8} more` : ''}`,
    `Say which: --cpu ${first.index + 1}`,
  )
}

function noCpu(candidates: readonly Column[], others: readonly Column[]): Error {
  const counter = candidates.find(({ name = '' }) => isCounterName(name))
  if (counter)
    return refuse(
      `${describe(counter)} is a counter that only grows, not a percentage`,
      'Export its rate in percent instead, or say which column has percent: --cpu COLUMN',
    )
  return refuse(
    candidates.length > 0
      ? `no column is named like CPU usage: ${describeAll(candidates.slice(0, 8), ', ')}`
      : `no column has numbers that may be CPU usage${others[0] ? `: ${describe(others[0])} has not` : ''}`,
    'Say which column has percent: --cpu COLUMN (a name or a number), and --from idle if it is idle time.',
  )
}

/** The numbers of the rows, as pandas and spreadsheets write them. */
function isIndex({ name, values }: Column): boolean {
  if (name !== undefined && !isIndexName(name)) return false
  return (
    values.length > 1 &&
    values.every((value, at) => /^\d+$/.test(value) && Number(value) === Number(values[0]) + at)
  )
}

import type { Verdicts } from './checks.ts'

export interface Row {
  readonly setup: string
  readonly fault: string
  readonly at: Date
  /** From the fault, or its end if it lasts, to the next result or the refusal; undefined if neither came. */
  readonly recoveryMs: number | undefined
  readonly outcome: 'goes on' | 'refuses' | 'taken down'
  readonly verdicts: Verdicts
  /** What went wrong besides the guarantees. */
  readonly problem?: string
}

export const hasFailed = ({ verdicts, problem }: Row): boolean =>
  problem !== undefined || verdicts.some((verdict) => verdict !== undefined)

export const formatVerdicts = (verdicts: Verdicts): string =>
  verdicts.map((verdict, index) => `O${index + 1} ${verdict === undefined ? 'ok' : 'FAILED'}`).join(' ')

/** One line per fault: when, where, what, how long until the next result, what became of it, and O1 to O5. */
export function formatRow(row: Row): string {
  const recovery = row.recoveryMs === undefined ? '-' : `${(row.recoveryMs / 1_000).toFixed(1)} s`
  const line = [
    row.at.toISOString().slice(11, 19),
    row.setup.padEnd(19),
    row.fault.padEnd(62),
    recovery.padStart(8),
    row.outcome.padEnd(10),
    formatVerdicts(row.verdicts),
  ].join('  ')
  const reasons = row.verdicts.flatMap((verdict, index) =>
    verdict === undefined ? [] : [`    O${index + 1}: ${firstLines(verdict)}`],
  )
  return [line.trimEnd(), ...reasons, ...(row.problem ? [`    ${firstLines(row.problem, 40)}`] : [])].join(
    '\n',
  )
}

/** Enough to see what happened; a plan of Spark has hundreds of long lines. */
const firstLines = (text: string, count = 12): string =>
  text
    .split('\n')
    .slice(0, count)
    .map((line) => line.slice(0, 400))
    .join('\n    ')

/** What became of one setup. */
export interface Summary {
  readonly setup: string
  readonly rows: readonly Row[]
  /** Faults that could have been drawn. */
  readonly names: readonly string[]
  /** Faults that cannot happen, each with the reason. */
  readonly unfit: readonly string[]
}

/** The median and the longest recovery of each fault, what was not tried, and the totals. */
export function formatSummary({ setup, rows, names, unfit }: Summary): string {
  const faults = [...new Set(rows.map(({ fault }) => fault))].sort()
  const failed = rows.filter(hasFailed).length
  const never = names.filter((name) => !faults.includes(name))
  return [
    `${setup}: ${rows.length} rows, ${failed} failed`,
    ...faults.map((fault) => formatFault(fault, rows)),
    ...(never.length > 0 ? [`never drawn: ${never.join('; ')}`] : []),
    ...unfit.map((name) => `cannot happen here: ${name}`),
  ].join('\n  ')
}

function formatFault(fault: string, rows: readonly Row[]): string {
  const same = rows.filter((row) => row.fault === fault)
  const times = same
    .flatMap(({ recoveryMs }) => (recoveryMs === undefined ? [] : [recoveryMs]))
    .sort((a, b) => a - b)
  const seconds = (ms: number | undefined) =>
    (ms === undefined ? '-' : `${(ms / 1_000).toFixed(1)} s`).padStart(8)
  const median = times[Math.floor((times.length - 1) / 2)]
  const failed = same.filter(hasFailed).length
  return `${fault.padEnd(62)} ${String(same.length).padStart(4)} times  median ${seconds(median)}  longest ${seconds(times.at(-1))}${failed > 0 ? `  ${failed} FAILED` : ''}`
}

import { CliError } from '../errors.ts'
import { MAX_LIVE_RATE } from '../produce/live-samples.ts'
import type { TableOptions } from '../table/open-table.ts'

export interface ProduceFlags extends TableOptions {
  readonly live?: boolean
  readonly raw?: boolean
  readonly rate?: number
  readonly now?: boolean
  readonly sort?: boolean
  readonly anyway?: boolean
  readonly wait?: boolean
  readonly key?: string
  readonly seconds?: number
  readonly batch?: number
  readonly json?: boolean
}

/** What a person has said about the columns of a file. */
export const columnFlags = ({ time, cpu, series, timezone, timeUnit, from }: ProduceFlags): TableOptions => ({
  time,
  cpu,
  series,
  timezone,
  timeUnit,
  from,
})

/** @throws CliError USAGE for several files, whose samples may overlap in time. */
export function requireOneFile({ length }: readonly string[]): void {
  if (length > 1)
    throw new CliError('USAGE', `produce takes one file, not ${length}`, {
      hint: 'Files of successive times: cat FILES | cpu-anomaly produce -; files that overlap in time: add --sort.',
    })
}

/** @throws CliError USAGE when there is nothing to send, or when flags contradict each other. */
export function checkUsage(file: string | undefined, flags: ProduceFlags): void {
  const problem = problemOf(file, flags) ?? problemOfKind(flags)
  if (problem)
    throw new CliError('USAGE', problem, {
      hint: "Use a CSV file, - for standard input, or --live for this machine's own CPU.",
    })
}

function problemOf(file: string | undefined, { live, seconds, rate = 0 }: ProduceFlags): string | undefined {
  if (file === undefined && !live) return 'produce needs a file, - or --live'
  if (file !== undefined && live) return '--live and a file contradict each other'
  if (seconds !== undefined && !live) return '--seconds works only with --live'
  if (live && rate > MAX_LIVE_RATE)
    return `--live takes at most ${MAX_LIVE_RATE} samples per second, one per millisecond, not ${rate}`
  return undefined
}

function problemOfKind(flags: ProduceFlags): string | undefined {
  const { live, raw, now, sort, batch, series, key } = flags
  const isTold = Object.values(columnFlags(flags)).some((value) => value !== undefined)
  if (live && (now || sort))
    return '--now and --sort work only with a file or -: live samples have the present time already'
  if (live && (raw || isTold)) return '--raw and the flags of columns work only with a file or -'
  if (raw && (now || sort || isTold || batch !== undefined))
    return '--raw sends each line as it is: it reads no columns, and sorts, shifts and packs nothing'
  if (series !== undefined && key !== undefined)
    return '--series and --key contradict each other: the series is the key'
  return undefined
}

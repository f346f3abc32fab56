import { readFile } from 'node:fs/promises'
import { cpus } from 'node:os'

/** Time of all cores together since the machine started, in the unit of its source. */
export interface CpuTimes {
  readonly busy: number
  readonly total: number
}

/** Reads /proc/stat if there is one, because it is more up to date than Node's `os.cpus()`. */
export async function readCpuTimes(): Promise<CpuTimes> {
  const stat = await readFile('/proc/stat', 'utf8').catch(() => undefined)
  return (
    (stat === undefined ? undefined : parseProcStat(stat)) ?? timesOfCores(cpus().map(({ times }) => times))
  )
}

/** The first line of /proc/stat: user nice system idle iowait irq softirq steal, then guests, which user includes. */
export function parseProcStat(text: string): CpuTimes | undefined {
  const [, numbers] = /^cpu +([\d ]+)$/m.exec(text) ?? []
  const times = numbers?.trim().split(' ').slice(0, 8).map(Number)
  if (!times || times.length < 4) return undefined
  const total = times.reduce((sum, time) => sum + time, 0)
  return { busy: total - (times[3] ?? 0) - (times[4] ?? 0), total }
}

export function timesOfCores(
  cores: readonly { user: number; nice: number; sys: number; idle: number; irq: number }[],
): CpuTimes {
  const sum = (pick: (core: (typeof cores)[number]) => number) =>
    cores.reduce((total, core) => total + pick(core), 0)
  const busy = sum(({ user, nice, sys, irq }) => user + nice + sys + irq)
  return { busy, total: busy + sum(({ idle }) => idle) }
}

/** Percent of all cores in use between two readings; undefined if the clock did not tick between them. */
export function cpuPercent(before: CpuTimes, after: CpuTimes): number | undefined {
  const total = after.total - before.total
  if (total <= 0) return undefined
  return Math.min(Math.max(((after.busy - before.busy) / total) * 100, 0), 100)
}

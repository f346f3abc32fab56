import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import type { Trial } from './trial.ts'

/** What a soak watches of a stack of the local runtime. Memory is resident, in MB. */
export interface Measurement {
  readonly minutes: number
  readonly read: number
  readonly restarts: number
  readonly stateRows: number
  readonly driverMb: number
  readonly driverThreads: number
  readonly driverOpenFiles: number
  readonly supervisorMb: number
  readonly brokerMb: number
  readonly brokerThreads: number
  readonly checkpointFiles: number
  readonly otherFiles: number
  /** The logs of driver and broker. */
  readonly logsMb: number
}

export const COLUMNS = [
  'minutes',
  'read',
  'restarts',
  'stateRows',
  'driverMb',
  'driverThreads',
  'driverOpenFiles',
  'supervisorMb',
  'brokerMb',
  'brokerThreads',
  'checkpointFiles',
  'otherFiles',
  'logsMb',
] as const satisfies readonly (keyof Measurement)[]

/** Takes all figures once; a part that is down at the moment counts as 0. */
export async function measureStack(trial: Trial, minutes: number): Promise<Measurement> {
  const { progress, driver, parts } = await trial.status()
  const brokerPid = parts.find(({ part }) => part === 'kafka')?.pid
  const [group, supervisor, broker] = await Promise.all([
    processesOf(driver?.pid, 'group'),
    processesOf(driver?.supervisorPid),
    processesOf(brokerPid),
  ])
  const storage = join(trial.stack.folder, 'storage')
  const files = await filesBelow(storage)
  const inCheckpoint = files.filter(({ path }) => path.startsWith(join(storage, 'checkpoint')))
  const logs = files.filter(({ path }) => path.startsWith(join(storage, 'logs')))
  return {
    minutes,
    read: progress?.read ?? 0,
    restarts: driver?.restarts ?? 0,
    stateRows: progress?.stateRows ?? 0,
    driverMb: megabytes(group),
    driverThreads: total(group.map(({ threads }) => threads)),
    driverOpenFiles: await openFiles(group.map(({ pid }) => pid)),
    supervisorMb: megabytes(supervisor),
    brokerMb: megabytes(broker),
    brokerThreads: total(broker.map(({ threads }) => threads)),
    checkpointFiles: inCheckpoint.length,
    otherFiles: files.length - inCheckpoint.length,
    logsMb: Math.round(await sizeMb(logs.map(({ path }) => path))),
  }
}

interface ProcessInfo {
  readonly pid: number
  readonly rssKb: number
  readonly threads: number
}

/** A process, or all of its process group: the driver is spark-submit, Python and the JVM. */
async function processesOf(pid: number | undefined, scope: 'one' | 'group' = 'one'): Promise<ProcessInfo[]> {
  if (pid === undefined) return []
  const { stdout } = await execa('ps', ['-eo', 'pid=,pgid=,rss=,nlwp='])
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([own, group]) => (scope === 'group' ? group === pid : own === pid))
    .map(([own = 0, , rssKb = 0, threads = 0]) => ({ pid: own, rssKb, threads }))
}

async function openFiles(pids: readonly number[]): Promise<number> {
  const counts = pids.map((pid) =>
    readdir(`/proc/${pid}/fd`).then(
      ({ length }) => length,
      () => 0,
    ),
  )
  return total(await Promise.all(counts))
}

async function filesBelow(folder: string): Promise<{ path: string }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => ({ path: join(entry.parentPath, entry.name) }))
}

async function sizeMb(paths: readonly string[]): Promise<number> {
  const sizes = paths.map((path) =>
    stat(path).then(
      ({ size }) => size,
      () => 0,
    ),
  )
  return total(await Promise.all(sizes)) / 1e6
}

const megabytes = (processes: readonly ProcessInfo[]): number =>
  Math.round(total(processes.map(({ rssKb }) => rssKb)) / 1_024)

const total = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0)

import { execa } from 'execa'
import {
  expectAccounted,
  expectNothingLeft,
  expectOrderly,
  expectWindows,
  lastValues,
  type Result,
  results,
} from '../e2e/helpers/guarantees.ts'
import type { Trial } from './trial.ts'

/** O1 to O5 in this order: undefined for a guarantee that held, else what was seen instead. */
export type Verdicts = readonly (string | undefined)[]

/** Checks every guarantee of a life whose records are all accounted for. The stack keeps running. */
export async function checkGuarantees(trial: Trial): Promise<Verdicts> {
  const { stack, load, setup } = trial
  const status = await trial.settle()
  const restarts = trial.starts - 1 + (status.driver?.restarts ?? 0) + trial.faults
  return [
    await verdict(async () => {
      await expectAccounted(stack, status, load.acknowledged)
      requireEqual('late samples', status.progress?.late, load.late)
      requireEqual('dead letters', status.progress?.deadLettered, load.bad)
    }),
    await verdict(async () => expectWindows(await lastValues(stack), load.samples)),
    await verdict(() => expectOrderly(stack, setup.mode, restarts)),
    await verdict(async () => requireFewRepeats(await results(stack), restarts)),
    await verdict(() => requireNoStrays(trial)),
  ]
}

/** O5 after `down`. */
export const checkNothingLeft = async (trial: Trial): Promise<Verdicts> => [
  undefined,
  undefined,
  undefined,
  undefined,
  await verdict(() => expectNothingLeft(trial.stack)),
]

async function verdict(check: () => Promise<void>): Promise<string | undefined> {
  try {
    await check()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function requireEqual(what: string, actual: number | undefined, expected: number): void {
  if (actual !== expected) throw new Error(`${what}: ${actual} instead of ${expected}`)
}

/** O4: the same count of a window is written once, and once more for each restart at most. */
function requireFewRepeats(written: readonly { key: string; result: Result }[], restarts: number): void {
  const times = new Map<string, number>()
  for (const { key, result } of written) {
    const id = `${key} with ${result.count} samples`
    times.set(id, (times.get(id) ?? 0) + 1)
  }
  const [id, most = 0] = [...times].sort(([, a], [, b]) => b - a)[0] ?? []
  if (most > 1 + restarts) throw new Error(`${id} was written ${most} times, with ${restarts} restarts`)
}

/** O5 while the stack runs: each of its processes or containers is one that `status` shows, or a child of one. */
async function requireNoStrays({ stack }: Trial): Promise<void> {
  const { parts, driver } = await stack.status()
  if (stack.runtime === 'docker') {
    const shown = [...parts, driver].flatMap((part) => (part?.container ? [part.container] : []))
    const project = driver?.container?.replace(/-(spark-)?driver.*$/, '') ?? ''
    const { stdout } = await execa('docker', [
      ...['ps', '--filter', `label=com.docker.compose.project=${project}`],
      ...['--format', '{{.Names}}'],
    ])
    const strays = stdout.split('\n').filter((name) => name !== '' && !shown.includes(name))
    if (strays.length > 0) throw new Error(`containers that status does not show: ${strays.join(', ')}`)
    return
  }
  const known = new Set([...parts.map(({ pid }) => pid), driver?.pid, driver?.supervisorPid, process.pid])
  const { stdout } = await execa('ps', ['-eo', 'pid=,ppid=,args='])
  const processes = stdout.split('\n').map((line) => {
    const [pid, ppid, ...args] = line.trim().split(/\s+/)
    return { pid: Number(pid), ppid: Number(ppid), args: args.join(' ') }
  })
  const parents = new Map(processes.map(({ pid, ppid }) => [pid, ppid]))
  const isKnown = (pid: number): boolean =>
    known.has(pid) || (pid > 1 && parents.has(pid) && isKnown(parents.get(pid) ?? 0))
  const strays = processes.filter(({ pid, args }) => args.includes(stack.folder) && !isKnown(pid))
  if (strays.length > 0)
    throw new Error(
      `processes that status does not show: ${strays.map(({ pid, args }) => `${pid} ${args}`).join('; ')}`,
    )
}

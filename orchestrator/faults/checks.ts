import { execa } from 'execa'
import {
  expectAccounted,
  expectNothingLeft,
  expectWindows,
  lastValues,
  type Result,
} from '../e2e/helpers/guarantees.ts'
import { readTopic } from '../e2e/helpers/kafka.ts'
import type { Sample } from '../e2e/helpers/oracle.ts'
import type { Settled, Trial } from './trial.ts'

/** O1 to O5 in this order: undefined for a guarantee that held, else what was seen instead. */
export type Verdicts = readonly (string | undefined)[]

/** Checks every guarantee of a life whose records are all accounted for. The stack keeps running. */
export async function checkGuarantees(trial: Trial): Promise<Verdicts> {
  const { stack, load } = trial
  const status = await trial.settle()
  return [
    await verdict(async () => {
      await expectAccounted(stack, status, load.acknowledged)
      requireEqual('late samples', status.progress?.late, load.late)
      requireEqual('dead letters', status.progress?.deadLettered, load.bad)
    }),
    await verdict(async () => expectWindows(await lastValues(stack), load.samples)),
    await verdict(() => requireNoFall(trial)),
    await verdict(() => requireNoRepeat(trial)),
    await verdict(() => requireNoStrays(trial)),
  ]
}

/**
 * Checks what a job that refused to continue leaves behind. A batch that was not committed may have been written, so more
 * than the ledger says may be there, but nothing less; all windows that had ended at the last check are as they were.
 */
export async function checkRefusal(trial: Trial): Promise<Verdicts> {
  const { stack, settled } = trial
  return [
    await verdict(() => requireNothingTakenBack(trial)),
    await verdict(async () =>
      expectWindows(endedWindows(settled, await lastValues(stack)), endedSamples(settled)),
    ),
    await verdict(() => requireNoFall(trial)),
    await verdict(() => requireNoRepeat(trial)),
    await verdict(() => requireNoStrays(trial)),
  ]
}

/** O1 of a refusal. Without a ledger that can be read, the topics alone must hold what was settled. */
async function requireNothingTakenBack({ stack, settled }: Trial): Promise<void> {
  const { progress } = await stack.status()
  const finals = [...(await lastValues(stack)).values()]
  const counted = finals.reduce((sum, { count }) => sum + count, 0)
  const letters = new Set((await readTopic(stack.broker, stack.topics.deadLetter)).map(({ key }) => key)).size
  const { samples, late, bad } = settled
  requireAtLeast('counted samples', counted, samples.length)
  requireAtLeast('dead letters', letters, bad)
  if (!progress) return
  requireAtLeast('late samples', progress.late, late)
  requireAtLeast('records read', progress.read, samples.length + late + bad)
  requireAtLeast('records accounted for', counted + letters + progress.late, progress.read)
}

const WINDOW_MS = 500

const newestStartMs = ({ samples }: Settled) =>
  samples.reduce((newest, { timeMs }) => Math.max(newest, Math.floor(timeMs / WINDOW_MS) * WINDOW_MS), 0)

/** The newest window of the last check may have grown since. */
const endedSamples = (settled: Settled): Sample[] => {
  const newest = newestStartMs(settled)
  return settled.samples.filter(({ timeMs }) => timeMs < newest)
}

const endedWindows = (settled: Settled, all: ReadonlyMap<string, Result>): ReadonlyMap<string, Result> => {
  const newest = newestStartMs(settled)
  return new Map([...all].filter(([, { window }]) => Date.parse(window.start) < newest))
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

function requireAtLeast(what: string, actual: number, least: number): void {
  if (actual < least) throw new Error(`${what}: ${actual}, which is less than ${least}`)
}

function requireEqual(what: string, actual: number | undefined, expected: number): void {
  if (actual !== expected) throw new Error(`${what}: ${actual} instead of ${expected}`)
}

/** O3, over every result of this life. */
async function requireNoFall({ results }: Trial): Promise<void> {
  await results.caughtUp()
  requireNone('results that could not be judged, by offset', results.missed)
  requireNone('counts that fell', results.order.falls)
}

/** O4, over every result of this life: a driver writes each once, and only as many wrote as have started. */
async function requireNoRepeat(trial: Trial): Promise<void> {
  const { results, replacedExecutors } = trial
  await results.caughtUp()
  requireNone('results that could not be judged, by offset', results.missed)
  requireNone('results that were written again', results.order.repeats)
  const starts = await trial.driverStarts()
  const { writers } = results.order
  if (writers > starts + replacedExecutors)
    throw new Error(
      `${writers} producers wrote results, but only ${starts} drivers have started and ${replacedExecutors} executors were replaced`,
    )
}

function requireNone(what: string, seen: readonly string[]): void {
  if (seen.length > 0) throw new Error(`${what}: ${seen.length}\n${seen.slice(0, 5).join('\n')}`)
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

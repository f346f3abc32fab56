import type { ErrorCode } from '../errors.ts'
import { isRunning } from '../runtime/driver-state.ts'
import type { DriverStatus, PartStatus } from '../runtime/runtime.ts'
import { jobSentence } from './job-words.ts'
import type { StackStatus } from './status.ts'

/** Why a stack is not healthy, and the error code of `status --check`. */
export interface Problem {
  readonly code: ErrorCode
  readonly text: string
}

/** Kafka and Spark first: without them the job cannot run. */
export function problemsOf({ parts, driver, stall }: Omit<StackStatus, 'problems'>): Problem[] {
  const jobText = jobProblem(driver)
  return [
    ...parts.filter(({ state }) => state !== 'running').map(partProblem),
    ...(jobText ? [{ code: 'QUERY_FAILED', text: jobText } as const] : []),
    ...(stall ? [{ code: 'QUERY_FAILED', text: stallText(stall) } as const] : []),
  ]
}

function jobProblem(driver: DriverStatus | undefined): string | undefined {
  if (!driver) return 'no job runs'
  return driver.state === 'running' ? undefined : jobSentence(driver.state)
}

const NO_EXECUTOR = 'it has no executor, because no worker runs; `cpu-anomaly up` starts one again'
const NO_GIVEN_WORKER = 'it has no executor, because no worker of the cluster of SPARK_MASTER is alive'

/** Why a job whose driver runs does not get on; undefined if it does. */
export function obstacleOf({
  parts,
  driver,
  stall,
}: Pick<StackStatus, 'parts' | 'driver' | 'stall'>): string | undefined {
  if ((driver?.state === 'starting' || isRunning(driver)) && lacksWorkers(parts))
    return parts.some(({ given }) => given === 'SPARK_MASTER') ? NO_GIVEN_WORKER : NO_EXECUTOR
  return stall && stallText(stall)
}

const WORKERS: ReadonlySet<PartStatus['part']> = new Set(['spark-worker', 'node-managers'])

/** Has the cluster workers, but none that runs? On the local runtime tasks run in the driver itself. */
function lacksWorkers(parts: readonly PartStatus[]): boolean {
  const workers = parts.filter(({ part }) => WORKERS.has(part))
  return workers.length > 0 && workers.every(({ state }) => state === 'stopped')
}

const partProblem = ({ part, state }: PartStatus): Problem => ({
  code: part === 'kafka' ? 'KAFKA_UNREACHABLE' : 'CLUSTER_UNREACHABLE',
  text: `${part} is ${state}`,
})

/** The query should have made progress, and has not. */
export interface Stall {
  readonly seconds: number
  readonly unread: number
}

const STALL_MS = 30_000

/** How long a record may wait for a commit before the query counts as stalled: it commits once per interval. */
export const stallAfterMs = (intervalMs: number): number => STALL_MS + intervalMs

const stallText = ({ seconds, unread }: Stall): string =>
  `no progress for ${seconds.toLocaleString('en')} s, although ${unread.toLocaleString('en')} records are unread`

import type { ErrorCode } from '../errors.ts'
import type { DriverStatus, PartStatus } from '../runtime/runtime.ts'
import type { StackStatus } from './status.ts'

/** Why a stack is not healthy, and the error code of `status --check`. */
export interface Problem {
  readonly code: ErrorCode
  readonly text: string
}

const NOT_HEALTHY: Readonly<Record<DriverStatus['state'], string | undefined>> = {
  running: undefined,
  starting: 'the job is starting',
  'backing-off': 'the job failed and will be restarted',
  'gave-up': 'the job gave up',
  failed: 'the job failed',
  stopped: 'the job is stopped',
  orphaned: 'the job runs without its supervisor',
  lost: 'the job was killed',
}

/** Kafka and Spark first: without them the job cannot run. */
export function problemsOf({ parts, driver, stall }: Omit<StackStatus, 'problems'>): Problem[] {
  const jobText = driver ? NOT_HEALTHY[driver.state] : 'no job runs'
  return [
    ...parts.filter(({ state }) => state !== 'running').map(partProblem),
    ...(jobText ? [{ code: 'QUERY_FAILED', text: jobText } as const] : []),
    ...(stall ? [{ code: 'QUERY_FAILED', text: stallText(stall) } as const] : []),
  ]
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

/**
 * How long a record may wait for a commit before the query counts as stalled. In real-time mode it commits once per
 * interval.
 */
export const stallAfterMs = (intervalMs: number): number => STALL_MS + intervalMs

export const stallText = ({ seconds, unread }: Stall): string =>
  `no progress for ${seconds.toLocaleString('en')} s, although ${unread.toLocaleString('en')} records are unread`

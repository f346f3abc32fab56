import type { Offsets } from '../kafka/position.ts'
import { hasProcess, isActive } from '../runtime/driver-state.ts'
import type { DriverStatus, PartStatus, Runtime } from '../runtime/runtime.ts'
import type { StoragePaths } from '../storage/paths.ts'
import {
  type DriverEvent,
  eventsOfCheckpoint,
  type QueryProgress,
  queryProgress,
  recentEvents,
} from './driver-log.ts'
import { type SubmittedQuery, submittedFile } from './submitted.ts'

export interface StackStatus {
  readonly runtime: string
  readonly parts: readonly PartStatus[]
  readonly driver: DriverStatus | undefined
  /** How the job was submitted; undefined if there is none. */
  readonly query: SubmittedQuery | undefined
  readonly progress: QueryProgress | undefined
  /** Why the job does not get on although its driver runs. */
  readonly problem: string | undefined
  /** The driver's last error message, if it does not run. */
  readonly lastError: string | undefined
  readonly sparkUi: string | undefined
  readonly storage: string
}

/** Checks every part now. A part that is down is a result, not an error. */
export async function stackStatus(
  runtime: Runtime,
  storage: StoragePaths,
  signal: AbortSignal,
): Promise<StackStatus> {
  const [parts, driver, events, query] = await Promise.all([
    runtime.parts(),
    runtime.driver(),
    recentEvents(runtime, signal).catch((): DriverEvent[] => []),
    submittedFile(storage).read(),
  ])
  const isRunning = hasProcess(driver)
  const ofQuery = query ? eventsOfQuery(events, query) : driver ? events : [] // none: the query's data are removed
  return {
    runtime: runtime.name,
    parts,
    driver,
    query: driver && query,
    progress: queryProgress(eventsOfCheckpoint(ofQuery)),
    problem: isRunning && lacksWorkers(parts) ? NO_EXECUTOR : undefined,
    lastError: isRunning ? undefined : ofQuery.findLast((event) => event.name === 'failed')?.fields.message,
    sparkUi: isRunning ? runtime.sparkUi : undefined,
    storage: storage.root,
  }
}

const NO_EXECUTOR = 'it has no executor, because no worker runs; `cpu-anomaly up` starts one again'

/** Has the cluster workers, but none that runs? On the local runtime tasks run in the driver itself. */
function lacksWorkers(parts: readonly PartStatus[]): boolean {
  const workers = parts.filter(({ part }) => part === 'spark-worker')
  return workers.length > 0 && workers.every(({ state }) => state === 'stopped')
}

/** The log outlives `down --volumes` and a new checkpoint: what it says of earlier queries is left out. */
const eventsOfQuery = (events: readonly DriverEvent[], { since }: SubmittedQuery): readonly DriverEvent[] =>
  since === undefined ? events : events.filter(({ time }) => Date.parse(time) >= Date.parse(since))

/**
 * How many records before these end offsets of the input topic no committed batch has read: infinite before the first
 * commit, undefined if no job runs.
 */
export async function queryLag(
  runtime: Runtime,
  inputEnds: Offsets,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (!isActive(await runtime.driver())) return undefined
  const progress = queryProgress(eventsOfCheckpoint(await recentEvents(runtime, signal)))
  if (!progress) return Number.POSITIVE_INFINITY
  const unread = [...inputEnds].map(([partition, end]) => Number(end) - (progress.endOffsets[partition] ?? 0))
  return unread.reduce((sum, records) => sum + Math.max(records, 0), 0)
}

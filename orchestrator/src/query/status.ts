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
import { type Standstill, standstillOf } from './standstill.ts'
import { type SubmittedQuery, submittedFile } from './submitted.ts'

export interface StackStatus {
  readonly runtime: string
  readonly parts: readonly PartStatus[]
  readonly driver: DriverStatus | undefined
  /** How the job was submitted; undefined if there is none. */
  readonly query: SubmittedQuery | undefined
  readonly progress: QueryProgress | undefined
  readonly standstill: Standstill | undefined
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
  return {
    runtime: runtime.name,
    parts,
    driver,
    query: driver && query,
    progress: queryProgress(eventsOfCheckpoint(events)),
    standstill: isRunning ? standstillOf(events) : undefined,
    lastError: isRunning ? undefined : events.findLast((event) => event.name === 'failed')?.fields.message,
    sparkUi: isRunning ? runtime.sparkUi : undefined,
    storage: storage.root,
  }
}

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

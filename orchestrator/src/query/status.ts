import type { Offsets } from '../kafka/position.ts'
import { hasProcess, isAtWork } from '../runtime/driver-state.ts'
import type { DriverStatus, PartStatus, Runtime } from '../runtime/runtime.ts'
import type { StoragePaths } from '../storage/paths.ts'
import { type DriverEvent, eventsOfCheckpoint, type QueryProgress, queryProgress } from './driver-log.ts'
import { recentEvents } from './ready.ts'
import { type SubmittedQuery, submittedFile } from './submitted.ts'

export interface StackStatus {
  readonly runtime: string
  readonly parts: readonly PartStatus[]
  readonly driver: DriverStatus | undefined
  /** How the job was submitted; undefined where there is none. */
  readonly query: SubmittedQuery | undefined
  readonly progress: QueryProgress | undefined
  /** What the driver said last when it failed. */
  readonly lastError: string | undefined
  readonly sparkUi: string | undefined
  readonly storage: string
}

/** Looks at every part now. Never fails because a part is down: that is what it is asked for. */
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
  const lives = hasProcess(driver)
  return {
    runtime: runtime.name,
    parts,
    driver,
    query: driver && query,
    progress: queryProgress(eventsOfCheckpoint(events)),
    lastError: lives ? undefined : events.findLast((event) => event.name === 'failed')?.fields.message,
    sparkUi: lives ? runtime.sparkUi : undefined,
    storage: storage.root,
  }
}

/** Records up to these ends of the input topic that no committed batch has read; undefined when no job runs. */
export async function queryLag(
  runtime: Runtime,
  inputEnds: Offsets,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (!isAtWork(await runtime.driver())) return undefined
  const progress = queryProgress(eventsOfCheckpoint(await recentEvents(runtime, signal)))
  if (!progress) return Number.POSITIVE_INFINITY
  const unread = [...inputEnds].map(([partition, end]) => Number(end) - (progress.endOffsets[partition] ?? 0))
  return unread.reduce((sum, records) => sum + Math.max(records, 0), 0)
}

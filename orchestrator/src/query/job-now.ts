import { isActive } from '../runtime/driver-state.ts'
import type { DriverStatus, Runtime, Selected } from '../runtime/runtime.ts'
import { committedEnds } from './checkpoint-log.ts'
import {
  checkpointBegan,
  type DriverEvent,
  delayMsAt,
  eventsOfCheckpoint,
  type QueryProgress,
  queryProgress,
  recentEvents,
} from './driver-log.ts'
import type { ReadUpTo } from './unread.ts'

export interface JobNow {
  readonly driver: DriverStatus | undefined
  readonly progress: QueryProgress | undefined
  /** When its checkpoint was begun (ISO time); undefined if its log does not show that. */
  readonly checkpointBegan: string | undefined
  /** The watermark's delay when a result was written; undefined if unknown. */
  readonly delayMsAt: (writtenMs: number) => number | undefined
}

/** The job's driver, and how far its query is on the current checkpoint. */
export async function jobNow(runtime: Runtime, signal: AbortSignal): Promise<JobNow> {
  const [driver, events] = await Promise.all([runtime.driver(), eventsNow(runtime, signal)])
  return {
    driver,
    progress: queryProgress(events),
    checkpointBegan: checkpointBegan(events),
    delayMsAt: (writtenMs) => delayMsAt(events, writtenMs),
  }
}

/** What the driver's log says of the current checkpoint. */
export const eventsNow = async (runtime: Runtime, signal: AbortSignal): Promise<readonly DriverEvent[]> =>
  eventsOfCheckpoint(await recentEvents(runtime, signal))

/**
 * Where the query has read up to; undefined if that is not known. While no job is active, the checkpoint says it: what an
 * active one has read is sooner in its log.
 */
export async function readUpTo(
  { driver, progress }: Pick<JobNow, 'driver' | 'progress'>,
  { runtime, config }: Pick<Selected, 'runtime' | 'config'>,
): Promise<ReadUpTo | undefined> {
  if (!isActive(driver)) return committedEnds(runtime.checkpoint, config.topics.input).catch(() => undefined)
  const beforeFirst = config.query.startingOffsets === 'earliest' ? {} : undefined
  return progress?.endOffsets ?? beforeFirst
}

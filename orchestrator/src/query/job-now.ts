import type { Runtime, Selected } from '../runtime/places.ts'
import type { DriverStatus } from '../runtime/runtime.ts'
import { committedEnds } from './checkpoint-log.ts'
import {
  checkpointBegan,
  type DriverEvent,
  delayMsAt,
  eventsOfCheckpoint,
  recentEvents,
} from './driver-log.ts'
import { progressNow, type QueryProgress } from './progress.ts'
import type { ReadUpTo } from './unread.ts'

export interface JobNow {
  readonly driver: DriverStatus | undefined
  readonly progress: QueryProgress | undefined
  /** When its checkpoint was begun (ISO time); undefined if its log does not show that. */
  readonly checkpointBegan: string | undefined
  /** The watermark's delay when a result was written; undefined if unknown. */
  readonly delayMsAt: (writtenMs: number) => number | undefined
}

/** The job's driver, and how far its query is in the input topic, on the current checkpoint. */
export async function jobNow(runtime: Runtime, inputTopic: string, signal: AbortSignal): Promise<JobNow> {
  const [driver, events] = await Promise.all([runtime.driver(), eventsNow(runtime, signal)])
  return {
    driver,
    progress: await progressNow(events, runtime.checkpoint, inputTopic),
    checkpointBegan: checkpointBegan(events),
    delayMsAt: (writtenMs) => delayMsAt(events, writtenMs),
  }
}

/** What the driver's log says of the current checkpoint. */
export const eventsNow = async (runtime: Runtime, signal: AbortSignal): Promise<readonly DriverEvent[]> =>
  eventsOfCheckpoint(await recentEvents(runtime, signal))

/**
 * Where the query has read up to; undefined if that is not known. The checkpoint says it: the log learns of a commit later,
 * or never, if the driver is killed in between.
 */
export async function readUpTo(
  { driver, progress }: Pick<JobNow, 'driver' | 'progress'>,
  { runtime, config }: Pick<Selected, 'runtime' | 'config'>,
): Promise<ReadUpTo | undefined> {
  const { checkpoint } = runtime
  const committed = await committedEnds(checkpoint, config.topics.input).catch(() => undefined)
  if (committed || progress) return committed ?? progress?.endOffsets
  const isFirst = driver !== undefined && !(await checkpoint.hasCommits().catch(() => true))
  return isFirst && config.query.startingOffsets === 'earliest' ? {} : undefined
}

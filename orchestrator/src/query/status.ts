import type { Config } from '../config/config.ts'
import { isRunning } from '../runtime/driver-state.ts'
import type { DriverStatus, PartStatus, Runtime, Selected } from '../runtime/runtime.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from '../system/wait.ts'
import { backlogRemarks } from './backlog-remarks.ts'
import { clockRemarks } from './clock-remarks.ts'
import {
  type DriverEvent,
  eventsOfCheckpoint,
  eventsOfSubmission,
  isResumed,
  type QueryProgress,
  queryProgress,
  recentEvents,
} from './driver-log.ts'
import { type Problem, problemsOf, type Stall, stallAfterMs } from './health.ts'
import { eventsNow } from './job-now.ts'
import { type SubmittedQuery, submittedFile } from './submitted.ts'
import { countUnread, type ReadUpTo, type Unread } from './unread.ts'

export interface StackStatus {
  readonly runtime: string
  readonly parts: readonly PartStatus[]
  readonly driver: DriverStatus | undefined
  /** How the job was submitted; undefined if there is none. */
  readonly query: SubmittedQuery | undefined
  /** By what the job judges; undefined if there is none. */
  readonly detector: Config['detector'] | undefined
  readonly progress: QueryProgress | undefined
  /** Records of the input topic that no committed batch has read, now; undefined if unknown. */
  readonly unread: number | undefined
  readonly secondsSinceProgress: number | undefined
  /** Set if the query runs, but does not get on. */
  readonly stall: Stall | undefined
  /** Empty if the stack is healthy. */
  readonly problems: readonly Problem[]
  /** What the log shows of clocks that are ahead. */
  readonly remarks: readonly string[]
  /** The driver's last error message, if it does not run. */
  readonly lastError: string | undefined
  readonly sparkUi: string | undefined
  readonly storage: string
}

/** A micro-batch is committed within this time. */
const BATCH_MS = 3_000

/**
 * Checks every part now. A part that is down is a result, not an error. A job that seems to be stalled gets `batchMs` for
 * a commit before it is called so.
 */
export async function stackStatus(
  selected: Omit<Selected, 'why'>,
  signal: AbortSignal,
  batchMs = BATCH_MS,
): Promise<StackStatus> {
  const { runtime, storage, config } = selected
  const [parts, driver, events, query] = await Promise.all([
    runtime.parts(),
    runtime.driver(),
    recentEvents(runtime, signal).catch((): DriverEvent[] => []),
    submittedFile(storage).read(),
  ])
  const ofQuery = query ? eventsOfQuery(events, query) : driver ? events : [] // none: the query's data are removed
  const ofCheckpoint = eventsOfCheckpoint(ofQuery)
  const progress = queryProgress(ofCheckpoint)
  const submitted = driver && query
  const intervalMs = submitted?.trigger === 'real-time' ? submitted.checkpointIntervalMs : 0
  const ageMs = stallAfterMs(intervalMs)
  const isFirst = driver && !isResumed(ofCheckpoint) && config.query.startingOffsets === 'earliest'
  const readBefore = isFirst ? {} : undefined
  const unread = await unreadNow(selected, parts, progress?.endOffsets ?? readBefore, ageMs, signal)
  const seeming = driver && isRunning(driver) ? stallOf(driver, progress, unread, ageMs) : undefined
  const lastCommit = progress?.time ?? driver?.startedAt ?? ''
  const isStalled = seeming && !(await commitsWithin(batchMs, runtime, lastCommit, signal))
  const status = {
    runtime: runtime.name,
    parts,
    driver,
    query: submitted,
    detector: submitted && config.detector,
    progress,
    unread: unread?.records,
    secondsSinceProgress: progress && secondsSince(progress.time),
    stall: isStalled ? seeming : undefined,
    remarks: [...clockRemarks(ofQuery, Date.now()), ...backlogRemarks(ofQuery)],
    lastError: isRunning(driver) ? undefined : lastErrorOf(ofQuery),
    sparkUi: isRunning(driver) ? runtime.sparkUi : undefined,
    storage: storage.root,
  }
  return { ...status, problems: problemsOf(status) }
}

/** Undefined if Kafka is down, or it is not known where the query began to read. */
async function unreadNow(
  { runtime, config }: Pick<Selected, 'runtime' | 'config'>,
  parts: readonly PartStatus[],
  read: ReadUpTo | undefined,
  ageMs: number,
  signal: AbortSignal,
): Promise<Unread | undefined> {
  const isUp = parts.some(({ part, state }) => part === 'kafka' && state === 'running')
  if (!isUp || !read) return undefined
  return countUnread(runtime.kafka, config.topics.input, read, { olderThanMs: Date.now() - ageMs, signal })
}

/**
 * Does the query commit after all? Old records of a transaction that has just been committed have not waited: nobody
 * could read them before. Nor have those that were copied with the time of another topic.
 */
async function commitsWithin(
  timeoutMs: number,
  runtime: Runtime,
  since: string,
  signal: AbortSignal,
): Promise<boolean> {
  const check = async () => {
    const progress = queryProgress(await eventsNow(runtime, signal).catch(() => []))
    return progress && Date.parse(progress.time) > Date.parse(since) ? arrived(true) : notYet('no commit')
  }
  return waitUntil('a commit', check, { timeoutMs, signal }).catch((error: unknown) => {
    if (error instanceof WaitTimeout) return false
    throw error
  })
}

/** Of this submission: one before it may have been mended since. */
const lastErrorOf = (events: readonly DriverEvent[]): string | undefined =>
  eventsOfSubmission(events).findLast(({ name }) => name === 'failed')?.fields.message

/** Records have waited for so long, and in all this time the job ran and committed no batch. */
function stallOf(
  driver: DriverStatus,
  progress: QueryProgress | undefined,
  unread: Unread | undefined,
  ageMs: number,
): Stall | undefined {
  if (!unread || unread.older === 0) return undefined
  const runsSince = driver.since ?? driver.startedAt
  const seconds = Math.min(secondsSince(runsSince), secondsSince(progress?.time ?? runsSince))
  return seconds * 1_000 >= ageMs ? { seconds, unread: unread.records } : undefined
}

const secondsSince = (time: string): number =>
  Math.max(Math.floor((Date.now() - Date.parse(time)) / 1_000), 0)

/** The log outlives `down --volumes` and a new checkpoint: what it says of earlier queries is left out. */
const eventsOfQuery = (events: readonly DriverEvent[], { since }: SubmittedQuery): readonly DriverEvent[] =>
  since === undefined ? events : events.filter(({ time }) => Date.parse(time) >= Date.parse(since))

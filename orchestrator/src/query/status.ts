import type { Config } from '../config/config.ts'
import { isRunning } from '../runtime/driver-state.ts'
import type { Runtime, Selected } from '../runtime/places.ts'
import type { DriverStatus, PartStatus } from '../runtime/runtime.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from '../system/wait.ts'
import { backlogRemarks } from './backlog-remarks.ts'
import { clockRemarks } from './clock-remarks.ts'
import { type DriverEvent, eventsOfCheckpoint, eventsOfSubmission, recentEvents } from './driver-log.ts'
import { type Problem, problemsOf, type Stall, stallAfterMs } from './health.ts'
import { eventsNow, readUpTo } from './job-now.ts'
import { progressNow, type QueryProgress, queryProgress } from './progress.ts'
import { type SubmittedQuery, submittedFile } from './submitted.ts'
import { countUnread, type Unread } from './unread.ts'

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
    submittedFile(storage, runtime.name).read(),
  ])
  const ofQuery = query || driver ? events : [] // none: the query's data are removed
  const ofCheckpoint = eventsOfCheckpoint(ofQuery)
  const progress = await progressNow(ofCheckpoint, runtime.checkpoint, config.topics.input)
  const submitted = driver && query
  const isRealTime = query?.trigger === 'real-time'
  const ageMs = stallAfterMs(isRealTime ? query.checkpointIntervalMs : config.query.triggerIntervalMs)
  const unread = await unreadNow(selected, { parts, driver, progress }, ageMs, signal)
  const seeming = driver && isRunning(driver) ? stallOf(driver, progress, unread, ageMs) : undefined
  const loggedAt = queryProgress(ofCheckpoint)?.time
  const isStalled = seeming && !(await commitsWithin(batchMs, runtime, loggedAt, signal))
  const status = {
    runtime: runtime.name,
    parts,
    driver,
    query: submitted,
    detector: submitted && config.detector,
    progress,
    unread: unread?.isBehindJob ? undefined : unread?.records,
    secondsSinceProgress: secondsSince(progress?.time),
    stall: isStalled ? seeming : undefined,
    remarks: [
      ...clockRemarks(ofQuery, Date.now()),
      ...backlogRemarks(ofQuery),
      ...(unread?.isBehindJob ? [behindJobText(config.topics.input)] : []),
    ],
    lastError: isRunning(driver) ? undefined : lastErrorOf(ofQuery),
    sparkUi: isRunning(driver) ? runtime.sparkUi : undefined,
    storage: storage.root,
  }
  return { ...status, problems: problemsOf(status) }
}

/** Undefined if Kafka is down, or it is not known where the query has read up to. */
async function unreadNow(
  selected: Pick<Selected, 'runtime' | 'config'>,
  { parts, ...job }: Pick<StackStatus, 'parts' | 'driver' | 'progress'>,
  ageMs: number,
  signal: AbortSignal,
): Promise<Unread | undefined> {
  const { runtime, config } = selected
  const isUp = parts.some(({ part, state }) => part === 'kafka' && state === 'running')
  const read = isUp ? await readUpTo(job, selected) : undefined
  return (
    read && countUnread(runtime.kafka, config.topics.input, read, { olderThanMs: Date.now() - ageMs, signal })
  )
}

const behindJobText = (topic: string): string =>
  `${topic} ends before the place up to which the job has read: it was created again, or has lost records, so it is not known which of its records are unread`

/**
 * Does the query commit after all? Old records of a transaction that has just been committed have not waited: nobody
 * could read them before. Nor have those that were copied with the time of another topic.
 */
async function commitsWithin(
  timeoutMs: number,
  runtime: Runtime,
  loggedAt: string | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const check = async () => {
    const progress = queryProgress(await eventsNow(runtime, signal).catch(() => []))
    return progress && progress.time !== loggedAt ? arrived(true) : notYet('no commit')
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
  const ages = [secondsSince(driver.since ?? driver.startedAt), secondsSince(progress?.time)]
  const seconds = Math.min(...ages.filter((age) => age !== undefined))
  return seconds * 1_000 >= ageMs && Number.isFinite(seconds)
    ? { seconds, unread: unread.records }
    : undefined
}

/** Undefined for no time, and for one of the future: the clock was set back since. */
function secondsSince(time: string | undefined): number | undefined {
  const seconds = Math.floor((Date.now() - Date.parse(time ?? '')) / 1_000)
  return seconds >= 0 ? seconds : undefined
}

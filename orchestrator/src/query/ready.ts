import { CliError, type ErrorCode } from '../errors.ts'
import { isActive, isRunning } from '../runtime/driver-state.ts'
import type { Runtime } from '../runtime/places.ts'
import type { DriverStatus } from '../runtime/runtime.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from '../system/wait.ts'
import { formatSeconds } from '../terminal/units.ts'
import { type DriverEvent, eventsOfAttempt, eventsOfSubmission, recentEvents } from './driver-log.ts'
import type { SubmittedQuery } from './submitted.ts'

export interface ReadyOptions {
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly update: (detail: string) => void
}

/**
 * Waits until the driver reports that its first micro-batch is committed; or that its state was loaded and there is
 * nothing to read or, in real-time mode, all its tasks run. Returns a line for the user.
 * @throws CliError CONFIGURATION, DATA_LOSS, CHECKPOINT_CONFLICT or QUERY_FAILED with the driver's own error when it fails for good;
 *   QUERY_FAILED when it is not ready in time.
 */
export async function awaitReady(
  runtime: Runtime,
  query: SubmittedQuery,
  options: ReadyOptions,
): Promise<string> {
  const isRealTime = query.trigger === 'real-time'
  try {
    return await waitUntil(
      isRealTime ? "the query's tasks" : 'the first micro-batch',
      async () => {
        const [driver, events] = await Promise.all([runtime.driver(), recentEvents(runtime, options.signal)])
        const attempt = driver?.startedAt ? eventsOfAttempt(events) : []
        const ready = attempt.find((event) => event.name === 'ready')
        if (ready && isRunning(driver))
          return arrived(readyText(ready, query, uiText(runtime, driver, attempt)))
        if (!isActive(driver)) throw await driverFailed(runtime, driver, options.signal)
        const progress = progressText(driver, attempt, failureOf(eventsOfSubmission(events)))
        options.update(progress)
        return notYet(progress)
      },
      { timeoutMs: options.timeoutMs, intervalMs: 250, signal: options.signal },
    )
  } catch (error) {
    if (!(error instanceof WaitTimeout)) throw error
    const failure = failureOf(eventsOfSubmission(await recentEvents(runtime, options.signal)))
    throw new CliError(
      'QUERY_FAILED',
      `the job was submitted, but ${isRealTime ? 'not all of its tasks run' : 'has not committed a micro-batch'}: ${error.lastSeen}`,
      {
        details: failure === undefined ? await logTail(runtime, options.signal) : [],
        hint: 'The driver keeps trying: follow it with `cpu-anomaly status` and `cpu-anomaly logs driver -f`, or stop it with `cpu-anomaly stop`.',
      },
    )
  }
}

function readyText(ready: DriverEvent, query: SubmittedQuery, ui: string): string {
  if (query.trigger === 'real-time')
    return `Job runs in real-time mode: results arrive at once, progress every ${formatSeconds(query.checkpointIntervalMs)}${ui}`
  return `Job runs: batch ${ready.fields.batch ?? '?'} is committed${ui}`
}

/** Where Spark's UI is: a driver in a cluster knows only an address that the cluster may not show to others. */
function uiText(
  { sparkUi }: Runtime,
  driver: DriverStatus | undefined,
  events: readonly DriverEvent[],
): string {
  const ui = driver?.application ? sparkUi : events.find(({ name }) => name === 'started')?.fields.ui
  return ui ? `, Spark UI ${ui}` : ''
}

/** What the driver does now, with why it failed before. */
function progressText(
  driver: DriverStatus,
  events: readonly DriverEvent[],
  failure: string | undefined,
): string {
  if (driver.state === 'backing-off')
    return `the driver failed (${failure ?? driver.reason ?? 'no reason given'}) and will be restarted`
  const last = events.findLast(({ name }) => name in PROGRESS)
  const now = (last && PROGRESS[last.name]?.(last.fields)) ?? 'the driver is starting'
  if (failure !== undefined) return `${now} again; it failed before: ${failure}`
  return last ? now : (driver.reason ?? now)
}

/** The driver's own last error message, if it left one. */
const failureOf = (events: readonly DriverEvent[]): string | undefined =>
  events.findLast(({ name }) => name === 'failed')?.fields.message

/** What the driver does after it has logged an event. */
const PROGRESS: Readonly<Record<string, (fields: DriverEvent['fields']) => string>> = {
  started: () => 'the query is starting',
  catch_up_reading: ({ records }) =>
    `the driver reads the times of all ${Number(records).toLocaleString('en')} unread records first, which may take minutes`,
  catch_up: () => 'the query is starting',
}

const CODE_BY_EXIT: Readonly<Record<number, ErrorCode>> = {
  2: 'CONFIGURATION',
  3: 'DATA_LOSS',
  4: 'KAFKA_REFUSED',
  5: 'CHECKPOINT_CONFLICT',
}

/** The error of a driver that does not run any more. */
export async function driverFailed(
  runtime: Runtime,
  driver: DriverStatus | undefined,
  signal: AbortSignal,
): Promise<CliError> {
  const events = driver?.startedAt ? await recentEvents(runtime, signal) : [] // else the supervisor has not begun
  const message = failureOf(eventsOfAttempt(events))
  const reason = message ?? driver?.reason ?? 'it exited without an error message'
  return new CliError(
    CODE_BY_EXIT[driver?.exitCode ?? -1] ?? 'QUERY_FAILED',
    `the driver failed: ${reason}`,
    {
      details: message ? [] : await logTail(runtime, signal),
      hint: 'See the whole log with `cpu-anomaly logs driver -n 200`.',
    },
  )
}

async function logTail(runtime: Runtime, signal: AbortSignal): Promise<string[]> {
  const lines: string[] = []
  for await (const line of runtime.logs('driver', { follow: false, lines: 15 }, signal)) lines.push(line)
  return lines
}

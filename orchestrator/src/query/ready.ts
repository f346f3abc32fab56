import { CliError, type ErrorCode } from '../errors.ts'
import { isAtWork } from '../runtime/driver-state.ts'
import type { DriverStatus, Runtime } from '../runtime/runtime.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from '../system/wait.ts'
import { type DriverEvent, parseDriverEvent } from './driver-log.ts'
import type { SubmittedQuery } from './submitted.ts'

/** A batch may log 1,000 anomalies before the line that tells its progress. */
const LOG_LINES = 2_500

export interface ReadyOptions {
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly update: (detail: string) => void
}

/**
 * Waits until the driver says that its first micro-batch committed or, in real-time mode, that all its tasks run; returns
 * what to tell the user.
 * @throws CliError with the driver's own error, when it fails for good or does not get there in time.
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
        const attempt = eventsSince(events, driver?.startedAt)
        const ready = attempt.find((event) => event.name === 'ready')
        if (ready) return arrived(readyText(ready, attempt, query))
        if (!isAtWork(driver)) throw await driverFailed(runtime, driver, options.signal)
        const seen = progressText(driver, attempt)
        options.update(seen)
        return notYet(seen)
      },
      { timeoutMs: options.timeoutMs, intervalMs: 250, signal: options.signal },
    )
  } catch (error) {
    if (!(error instanceof WaitTimeout)) throw error
    throw new CliError(
      'QUERY_FAILED',
      `the job was submitted, but ${isRealTime ? 'its tasks do not all run' : 'has not committed a micro-batch'}: ${error.lastSeen}`,
      {
        details: await logTail(runtime, options.signal),
        hint: 'It goes on trying: see `cpu-anomaly status` and `cpu-anomaly logs driver -f`, or `cpu-anomaly stop`.',
      },
    )
  }
}

function readyText(ready: DriverEvent, events: readonly DriverEvent[], query: SubmittedQuery): string {
  const started = events.find((event) => event.name === 'started')
  const ui = started?.fields.ui ? `, Spark UI ${started.fields.ui}` : ''
  if (query.trigger === 'real-time')
    return `Job runs in real-time mode: results come at once, progress every ${seconds(query.checkpointIntervalMs)} s${ui}`
  return `Job runs: batch ${ready.fields.batch ?? '?'} is committed${ui}`
}

export const seconds = (ms: number): string => String(Math.round(ms / 100) / 10)

function progressText(driver: DriverStatus, events: readonly DriverEvent[]): string {
  if (driver.state === 'backing-off')
    return `the driver failed (${driver.reason ?? 'no reason given'}); another attempt follows`
  return events.some((event) => event.name === 'started') ? 'the query starts' : 'the driver starts'
}

/** The events of the driver's log, newest last, as far back as a status or a start needs. */
export async function recentEvents(runtime: Runtime, signal: AbortSignal): Promise<DriverEvent[]> {
  const events: DriverEvent[] = []
  for await (const line of runtime.logs('driver', { follow: false, lines: LOG_LINES }, signal)) {
    const event = parseDriverEvent(line)
    if (event) events.push(event)
  }
  return events
}

/** Only what this attempt said: the log goes on from earlier ones. */
function eventsSince(events: readonly DriverEvent[], since: string | undefined): DriverEvent[] {
  const start = since ? Date.parse(since) : Number.NaN
  return Number.isNaN(start) ? [] : events.filter((event) => Date.parse(event.time) >= start)
}

const CODE_BY_EXIT: Readonly<Record<number, ErrorCode>> = { 2: 'CONFIGURATION', 3: 'DATA_LOSS' }

async function driverFailed(
  runtime: Runtime,
  driver: DriverStatus | undefined,
  signal: AbortSignal,
): Promise<CliError> {
  const events = eventsSince(await recentEvents(runtime, signal), driver?.startedAt)
  const said = events.findLast((event) => event.name === 'failed')?.fields.message
  const reason = said ?? driver?.reason ?? 'it ended without a word'
  return new CliError(
    CODE_BY_EXIT[driver?.exitCode ?? -1] ?? 'QUERY_FAILED',
    `the driver failed: ${reason}`,
    {
      details: said ? [] : await logTail(runtime, signal),
      hint: 'The whole log: `cpu-anomaly logs driver -n 200`.',
    },
  )
}

async function logTail(runtime: Runtime, signal: AbortSignal): Promise<string[]> {
  const lines: string[] = []
  for await (const line of runtime.logs('driver', { follow: false, lines: 15 }, signal)) lines.push(line)
  return lines
}

import type { Runtime } from '../runtime/places.ts'
import { parseJson } from '../system/json.ts'

/** A batch may log 1,000 anomalies before its progress line. */
const LOG_LINES = 2_500

/** One line of the driver's log: `<ISO time> <event> key=value ...`, written by `cpu_anomaly/event_log.py` and `supervise.py`. */
export interface DriverEvent {
  readonly time: string
  readonly name: string
  readonly fields: Readonly<Record<string, string>>
}

const LINE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) ([A-Za-z_]+)(?: (.*))?$/
// A value with spaces or control characters is a JSON string.
const FIELD = /([A-Za-z0-9_.]+)=("(?:[^"\\]|\\.)*"|\S*)/g

/** Undefined for a line that is not an event: Spark's own lines, stack traces. */
export function parseDriverEvent(line: string): DriverEvent | undefined {
  const [, time, name, rest] = line.match(LINE) ?? []
  if (!time || !name) return undefined
  const fields: Record<string, string> = {}
  for (const [, key = '', value = ''] of (rest ?? '').matchAll(FIELD)) fields[key] = unquote(value)
  return { time, name, fields }
}

function unquote(value: string): string {
  if (!value.startsWith('"')) return value
  return String(parseJson(value) ?? value)
}

/** The last events of the driver's log, oldest first: as many as `status` and `submit` need. */
export async function recentEvents(runtime: Runtime, signal: AbortSignal): Promise<DriverEvent[]> {
  const events: DriverEvent[] = []
  for await (const line of runtime.logs('driver', { follow: false, lines: LOG_LINES }, signal)) {
    const event = parseDriverEvent(line)
    if (event) events.push(event)
  }
  return events
}

/**
 * The watermark's delay of the batch that wrote something at this time: it is longer while a backlog is read. Epoch
 * milliseconds; undefined if the log does not say. Only the times since the clock was last set back are in order.
 */
export function delayMsAt(events: readonly DriverEvent[], writtenMs: number): number | undefined {
  const ofBatches = events.filter(({ name }) => name === 'progress' || name === 'catch_up')
  const before = ofBatches.findLastIndex(({ time }) => Date.parse(time) < writtenMs)
  const committed = ofBatches.slice(before + 1).find(({ name }) => name === 'progress')
  const { delay_ms: delay } = (committed ?? ofBatches.at(-1))?.fields ?? {}
  return delay === undefined ? undefined : Number(delay)
}

/**
 * The events of the current checkpoint: those since a job last began a new one, without the progress that a later driver
 * did not find there, because the checkpoint had been restored from a backup or mended.
 */
export function eventsOfCheckpoint(events: readonly DriverEvent[]): readonly DriverEvent[] {
  const own = since(events, (event) => resumedFrom(event) === '')
  const kept: DriverEvent[] = []
  let lastBatch = Number.POSITIVE_INFINITY
  for (const event of own.toReversed()) {
    lastBatch = Math.min(lastBatch, Number(resumedFrom(event) || lastBatch))
    if (event.name !== 'progress' || !(Number(event.fields.batch) > lastBatch)) kept.push(event)
  }
  return kept.reverse()
}

/** When a driver last began with an empty checkpoint, as far as the events show. */
export const checkpointBegan = (events: readonly DriverEvent[]): string | undefined =>
  events.findLast((event) => event.name === 'started' && resumedFrom(event) === '')?.time

/** The last batch in the checkpoint with which a driver starts, empty if it has none; undefined for other events. */
const resumedFrom = (event: DriverEvent): string | undefined =>
  event.name === 'started' || isAttempt(event) ? event.fields.resumed_from_batch : undefined

/** The events of the driver that started last. Always by their place in the log: clocks are set back. */
export const eventsOfDriver = (events: readonly DriverEvent[]): readonly DriverEvent[] =>
  since(events, ({ name }) => name === 'started')

/** The events since the supervisor last started a driver. */
export const eventsOfAttempt = (events: readonly DriverEvent[]): readonly DriverEvent[] =>
  since(events, isAttempt)

/** The events since the last `submit`: a supervisor counts its attempts from 1. */
export const eventsOfSubmission = (events: readonly DriverEvent[]): readonly DriverEvent[] =>
  since(events, (event) => isAttempt(event) && event.fields.attempt === '1')

const isAttempt = ({ name, fields }: DriverEvent): boolean =>
  name === 'supervisor' && fields.state === 'starting'

/** From the last event of a kind on; all if there is none: it is older than the log. */
function since(
  events: readonly DriverEvent[],
  isFirst: (event: DriverEvent) => boolean,
): readonly DriverEvent[] {
  const start = events.findLastIndex(isFirst)
  return start < 0 ? events : events.slice(start)
}

import type { Runtime } from '../runtime/runtime.ts'
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

/** How far the query is, from the last progress line. */
export interface QueryProgress {
  readonly time: string
  /** When the last batch that had read records was committed; undefined if none has. */
  readonly lastReadAt: string | undefined
  readonly batch: number
  /** Records that the last batch read. */
  readonly inputRecords: number
  readonly inputRecordsPerSecond: number
  readonly processedRecordsPerSecond: number
  /** Records that were in the input topic when the batch was planned, and were left for the next one. */
  readonly lag: number
  /** The end offset of the batch, per partition of the input topic. */
  readonly endOffsets: Readonly<Record<string, number>>
  readonly watermark: string | undefined
  readonly stateRows: number
  /** Totals since the checkpoint began. */
  readonly read: number
  readonly deadLettered: number
  readonly late: number
  /** Undefined if no sample was late. */
  readonly lateDetails?: LateDetails | undefined
  /** Undefined unless the watermark was ahead of the clock when the batch began: samples of the present are late. */
  readonly watermarkAhead?: WatermarkAhead | undefined
}

/** Which samples were late since the checkpoint began. */
export interface LateDetails {
  /** The oldest and the newest of their times. */
  readonly first: string
  readonly last: string
  /** The series with the most late samples; one with an empty name if there is only one series. */
  readonly series: readonly { readonly series: string; readonly samples: number }[]
  /** Late samples of all other series. */
  readonly other: number
}

export interface WatermarkAhead {
  readonly aheadMs: number
  /** The sample that moved it there; undefined if the log no longer has it. */
  readonly sample?:
    | {
        readonly time: string
        readonly series: string
        readonly partition: number
        readonly offset: number
      }
    | undefined
}

export function queryProgress(events: readonly DriverEvent[]): QueryProgress | undefined {
  const reports = events.filter((event) => event.name === 'progress')
  const last = reports.at(-1)
  if (!last) return undefined
  const { fields } = last
  const number = (key: string) => Number(fields[key] ?? Number.NaN)
  return {
    time: last.time,
    lastReadAt: reports.findLast((event) => Number(event.fields.input_rows) > 0)?.time,
    batch: number('batch'),
    inputRecords: number('input_rows'),
    inputRecordsPerSecond: number('rows_per_s'),
    processedRecordsPerSecond: number('processed_rows_per_s'),
    lag: number('lag'),
    endOffsets: parseOffsets(fields.end_offsets ?? ''),
    watermark: fields.watermark === NO_WATERMARK ? undefined : fields.watermark || undefined,
    stateRows: number('state_rows'),
    read: number('read'),
    deadLettered: number('dead_lettered'),
    late: number('late'),
    lateDetails: lateDetails(fields),
    watermarkAhead: watermarkAhead(fields, events),
  }
}

/**
 * The watermark's delay of the batch that wrote something at this time: it is longer while a backlog is read. Epoch
 * milliseconds; undefined if the log does not say.
 */
export function delayMsAt(events: readonly DriverEvent[], writtenMs: number): number | undefined {
  const ofBatches = events.filter(({ name }) => name === 'progress' || name === 'catch_up')
  const committed = ofBatches.find(({ name, time }) => name === 'progress' && Date.parse(time) >= writtenMs)
  const { delay_ms: delay } = (committed ?? ofBatches.at(-1))?.fields ?? {}
  return delay === undefined ? undefined : Number(delay)
}

function lateDetails(fields: DriverEvent['fields']): LateDetails | undefined {
  const { late_first: first, late_last: last, late_series: series, late_other: other } = fields
  if (!first || !last) return undefined
  const pairs = (parseJson(series ?? '') ?? []) as readonly (readonly [string, number])[]
  return {
    first,
    last,
    series: pairs.map(([name, samples]) => ({ series: name, samples })),
    other: Number(other ?? 0),
  }
}

function watermarkAhead(
  fields: DriverEvent['fields'],
  events: readonly DriverEvent[],
): WatermarkAhead | undefined {
  if (!fields.watermark_ahead_ms) return undefined
  const sample = events.findLast((event) => event.name === 'ahead_of_clock')?.fields
  return {
    aheadMs: Number(fields.watermark_ahead_ms),
    sample: sample && {
      time: sample.time ?? '',
      series: sample.series ?? '',
      partition: Number(sample.partition),
      offset: Number(sample.offset),
    },
  }
}

/** Spark's watermark before any sample has set one. */
const NO_WATERMARK = '1970-01-01T00:00:00.000Z'

function parseOffsets(text: string): Record<string, number> {
  const pairs = text.split(',').filter((pair) => pair !== '')
  return Object.fromEntries(
    pairs.map((pair) => pair.split(':')).map(([partition, offset]) => [partition, Number(offset)]),
  )
}

const beginsCheckpoint = ({ name, fields }: DriverEvent): boolean =>
  name === 'started' && fields.resumed_from_batch === ''

/**
 * The events of the current checkpoint: those since a driver last started a new one, without the progress that a later
 * driver did not find there, because the checkpoint had been restored from a backup or mended.
 */
export function eventsOfCheckpoint(events: readonly DriverEvent[]): readonly DriverEvent[] {
  const own = since(events, beginsCheckpoint)
  const kept: DriverEvent[] = []
  let lastBatch = Number.POSITIVE_INFINITY
  for (const event of own.toReversed()) {
    const { resumed_from_batch: resumedFrom, batch } = event.fields
    if (event.name === 'started' && resumedFrom) lastBatch = Math.min(lastBatch, Number(resumedFrom))
    if (event.name !== 'progress' || !(Number(batch) > lastBatch)) kept.push(event)
  }
  return kept.reverse()
}

/** When a driver last began a checkpoint, as far as the events show. */
export const checkpointBegan = (events: readonly DriverEvent[]): string | undefined =>
  events.findLast(beginsCheckpoint)?.time

/** Has a driver found batches of earlier ones in its checkpoint? */
export const isResumed = (events: readonly DriverEvent[]): boolean =>
  events.some(({ name, fields }) => name === 'started' && Boolean(fields.resumed_from_batch))

/** The events since the last `submit`: a supervisor counts its attempts from 1. */
export const eventsOfSubmission = (events: readonly DriverEvent[]): readonly DriverEvent[] =>
  since(
    events,
    ({ name, fields }) => name === 'supervisor' && fields.state === 'starting' && fields.attempt === '1',
  )

/** From the last event of a kind on; all if there is none. */
function since(
  events: readonly DriverEvent[],
  isFirst: (event: DriverEvent) => boolean,
): readonly DriverEvent[] {
  const start = events.findLastIndex(isFirst)
  return start < 0 ? events : events.slice(start)
}

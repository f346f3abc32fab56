import { parseJson } from '../system/json.ts'

/** One line of the driver's log: `<ISO time> <event> key=value ...`, written by `spark-job/job.py` and its supervisor. */
export interface DriverEvent {
  readonly time: string
  readonly name: string
  readonly fields: Readonly<Record<string, string>>
}

const LINE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) ([A-Za-z_]+)(?: (.*))?$/
// A value with blanks or control characters is a JSON string.
const FIELD = /([A-Za-z0-9_.]+)=("(?:[^"\\]|\\.)*"|\S*)/g

/** Undefined for what is no event: Spark's own lines, stack traces. */
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

/** How far the query is, as its last line of progress said. */
export interface QueryProgress {
  readonly time: string
  readonly batch: number
  /** Rows of the last batch. */
  readonly inputRows: number
  readonly inputRowsPerSecond: number
  readonly processedRowsPerSecond: number
  /** Records that were in the input topic when the batch was planned, and that it left for the next one. */
  readonly lag: number
  /** Where the batch ended, by partition of the input topic. */
  readonly endOffsets: Readonly<Record<string, number>>
  readonly watermark: string | undefined
  readonly stateRows: number
  /** Totals since the checkpoint began. */
  readonly read: number
  readonly deadLettered: number
  readonly late: number
}

export function queryProgress(events: readonly DriverEvent[]): QueryProgress | undefined {
  const last = events.findLast((event) => event.name === 'progress')
  if (!last) return undefined
  const { fields } = last
  const number = (key: string) => Number(fields[key] ?? Number.NaN)
  return {
    time: last.time,
    batch: number('batch'),
    inputRows: number('input_rows'),
    inputRowsPerSecond: number('rows_per_s'),
    processedRowsPerSecond: number('processed_rows_per_s'),
    lag: number('lag'),
    endOffsets: parseOffsets(fields.end_offsets ?? ''),
    watermark: fields.watermark || undefined,
    stateRows: number('state_rows'),
    read: number('read'),
    deadLettered: number('dead_lettered'),
    late: number('late'),
  }
}

function parseOffsets(text: string): Record<string, number> {
  const pairs = text.split(',').filter((pair) => pair !== '')
  return Object.fromEntries(
    pairs.map((pair) => pair.split(':')).map(([partition, offset]) => [partition, Number(offset)]),
  )
}

/** What was said of this checkpoint: a driver that begins a new one makes everything before it void. */
export function eventsOfCheckpoint(events: readonly DriverEvent[]): readonly DriverEvent[] {
  const begun = events.findLastIndex(
    (event) => event.name === 'started' && event.fields.resumed_from_batch === '',
  )
  return begun < 0 ? events : events.slice(begun)
}

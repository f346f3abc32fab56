import type { CheckpointStore } from '../runtime/runtime.ts'
import { parseJson } from '../system/json.ts'
import { readLedger, readPlan } from './checkpoint-log.ts'
import { type DriverEvent, eventsOfDriver } from './driver-log.ts'

/** How far the query is: the last batch that is accounted for. */
export interface QueryProgress {
  /** When its progress was logged; undefined if only the checkpoint tells of the batch, so that its rates are unknown. */
  readonly time: string | undefined
  /** When the last batch that had read records was committed; undefined if none has. */
  readonly lastReadAt: string | undefined
  readonly batch: number
  /** Records that the last batch read. */
  readonly inputRecords: number | undefined
  readonly inputRecordsPerSecond: number | undefined
  readonly processedRecordsPerSecond: number | undefined
  /** Records that were in the input topic when the batch was planned, and were left for the next one. */
  readonly lag: number | undefined
  /** The end offset of the batch, per partition of the input topic. */
  readonly endOffsets: Readonly<Record<string, number>>
  readonly watermark: string | undefined
  readonly stateRows: number | undefined
  /** Totals since the checkpoint began. */
  readonly read: number
  readonly deadLettered: number
  readonly late: number
  /** Updates of windows for which the baseline has no row, since the driver started; undefined without a baseline. */
  readonly withoutBaseline?: number | undefined
  /** Undefined if no sample was late. */
  readonly lateDetails?: LateDetails | undefined
  /** Undefined unless the watermark is ahead of the clock: samples of the present are late. */
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
  /** Now; the query need not have read anything since. */
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

/**
 * By the driver's log, or by the checkpoint if the driver that started last has logged no batch: a crash, a rotation or a
 * new container takes lines from the log. Lines of the current checkpoint only.
 */
export async function progressNow(
  events: readonly DriverEvent[],
  checkpoint: CheckpointStore,
  topic: string,
): Promise<QueryProgress | undefined> {
  const logged = queryProgress(events)
  if (queryProgress(eventsOfDriver(events))) return logged
  const accounted = await accountedProgress(checkpoint, topic).catch(() => undefined)
  return accounted && accounted.batch > (logged?.batch ?? -1) ? accounted : logged
}

/** Undefined before the first batch. */
async function accountedProgress(
  checkpoint: CheckpointStore,
  topic: string,
): Promise<QueryProgress | undefined> {
  const { batch, read, deadLettered, late } = await readLedger(checkpoint)
  const plan = await readPlan(checkpoint, batch)
  if (!plan) return undefined
  return {
    ...NOT_LOGGED,
    batch,
    endOffsets: plan.ends[topic] ?? {},
    watermark: knownWatermark(new Date(plan.watermarkMs).toISOString()),
    read,
    deadLettered,
    late,
  }
}

const NOT_LOGGED = {
  time: undefined,
  lastReadAt: undefined,
  inputRecords: undefined,
  inputRecordsPerSecond: undefined,
  processedRecordsPerSecond: undefined,
  lag: undefined,
  stateRows: undefined,
}

/** By the last progress line. */
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
    watermark: knownWatermark(fields.watermark),
    stateRows: number('state_rows'),
    read: number('read'),
    deadLettered: number('dead_lettered'),
    late: number('late'),
    withoutBaseline: fields.without_baseline === undefined ? undefined : number('without_baseline'),
    lateDetails: lateDetails(fields),
    watermarkAhead: watermarkAhead(fields, events),
  }
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
  const aheadMs = Date.parse(fields.watermark ?? '') - Date.now()
  if (!(aheadMs > 0)) return undefined
  const sample = events.findLast((event) => event.name === 'ahead_of_clock')?.fields
  return {
    aheadMs,
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

const knownWatermark = (time: string | undefined): string | undefined =>
  time === NO_WATERMARK ? undefined : time || undefined

function parseOffsets(text: string): Record<string, number> {
  const pairs = text.split(',').filter((pair) => pair !== '')
  return Object.fromEntries(
    pairs.map((pair) => pair.split(':')).map(([partition, offset]) => [partition, Number(offset)]),
  )
}

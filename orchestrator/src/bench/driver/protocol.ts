import { z } from 'zod'
import type { JobSettings } from '../../job/job-settings.ts'
import { parseJson } from '../../system/json.ts'

/** A request to `spark-job/bench.py`, sent as one JSON object per line. */
export type Order =
  | {
      readonly do: 'load'
      readonly topic: string
      readonly samples: number
      readonly per_record: number
      /** 1: records without keys. */
      readonly series: number
      /** Event time of the first sample. */
      readonly start_ms: number
      /** Event time between two samples of a series. */
      readonly interval_ms: number
      /** One of `WRITERS` in `measure/format_records.py`. */
      readonly format: string
      readonly settings: JobSettings
    }
  | {
      readonly do: 'throughput'
      readonly name: string
      readonly what: Workload
      readonly samples: number
      readonly settings: JobSettings
    }
  | { readonly do: 'start'; readonly settings: JobSettings }
  | { readonly do: 'usage' | 'exit' }

/** The job itself, or Spark reading the same topic and discarding it. */
export type Workload = 'job' | 'noop'

const durations = z.record(z.string(), z.number())

/** A line of the output of `bench.py`. Sizes are in bytes, times in milliseconds, rates in samples/s. */
const replySchema = z.union([
  z.object({
    event: z.literal('loaded'),
    topic: z.string(),
    samples: z.number(),
    records: z.number(),
    ms: z.number(),
  }),
  z.object({
    event: z.literal('throughput'),
    samples: z.number(),
    records: z.number(),
    wall_ms: z.number(),
    /** Over all batches except the first and the last; null if there are no others. */
    rate: z.number().nullish(),
    durations,
    /** The maximum after any batch; 0 for a bare read. */
    state_rows: z.number(),
    /** Of the driver's process. */
    cpu_ms: z.number(),
    /** Batches with input. */
    batches: z.number(),
    checkpoint_bytes: z.number(),
    checkpoint_files: z.number(),
    rss_bytes: z.number(),
    peak_rss_bytes: z.number(),
  }),
  z.object({ event: z.literal('batch'), samples: z.number(), ms: z.number(), durations }),
  z.object({
    event: z.literal('batch'),
    batch: z.number(),
    timestamp: z.string(),
    rows: z.number(),
    durations,
    state_ms: z.number().nullish(),
  }),
  z.object({ event: z.literal('started') }),
  z.object({
    event: z.literal('usage'),
    cpu_ms: z.number(),
    wall_ms: z.number(),
    rss_bytes: z.number(),
    peak_rss_bytes: z.number(),
  }),
  z.object({ event: z.literal('error'), message: z.string() }),
])

export type Reply = z.infer<typeof replySchema>
export type ReplyTo<E extends Reply['event']> = Extract<Reply, { event: E }>

/** Undefined for a line that is not a reply, such as something that a library printed. */
export function parseReply(line: string): Reply | undefined {
  return replySchema.safeParse(parseJson(line)).data
}

/** Spark's progress report of one micro-batch. */
export interface BatchTimes {
  /** Start of its trigger, epoch milliseconds. */
  readonly startMs: number
  /** Number of input records. */
  readonly records: number
  /** Latest offsets, query planning and write-ahead log. */
  readonly planningMs: number
  readonly stateMs: number
}

const PLANNING = ['latestOffset', 'queryPlanning', 'walCommit'] as const

/** The times of a batch of the running query, to split latencies; empty for a batch of a throughput measurement. */
export function batchTimes(batch: ReplyTo<'batch'>): BatchTimes[] {
  if (!('timestamp' in batch)) return []
  const { timestamp, rows, durations, state_ms } = batch
  const planningMs = PLANNING.reduce((sum, part) => sum + (durations[part] ?? 0), 0)
  return [{ startMs: Date.parse(timestamp), records: rows, planningMs, stateMs: state_ms ?? 0 }]
}

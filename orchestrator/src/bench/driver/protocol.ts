import { z } from 'zod'
import type { JobSettings } from '../../job/job-settings.ts'
import { parseJson } from '../../system/json.ts'

/** What `spark-job/bench.py` is told, one JSON object a line. */
export type Order =
  | {
      readonly do: 'load'
      readonly topic: string
      readonly samples: number
      readonly per_record: number
      /** 1: no keys. */
      readonly series: number
      /** Event time of the first sample. */
      readonly start_ms: number
      /** Event time from one sample of a series to its next. */
      readonly interval_ms: number
      readonly settings: JobSettings
    }
  | {
      readonly do: 'throughput'
      readonly name: string
      readonly what: Work
      readonly samples: number
      readonly settings: JobSettings
    }
  | { readonly do: 'start'; readonly settings: JobSettings }
  | { readonly do: 'usage' | 'exit' }

/** The job itself, or Spark reading the same topic and doing nothing with it. */
export type Work = 'job' | 'noop'

const durations = z.record(z.string(), z.number())

/** What it answers. Sizes in bytes, times in milliseconds, rates in samples a second. */
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
    /** Over all batches but the first and the last; null where there are none. */
    rate: z.number().nullish(),
    durations,
    /** Of the batch that ended with the most; 0 for a bare read. */
    state_rows: z.number(),
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

/** Undefined for a line that is none of its events: something else that was printed. */
export function parseReply(line: string): Reply | undefined {
  return replySchema.safeParse(parseJson(line)).data
}

/** What Spark says of one micro-batch. */
export interface BatchTimes {
  /** When its trigger started, epoch milliseconds. */
  readonly startMs: number
  /** Input records. */
  readonly rows: number
  /** Planning: latest offsets, write-ahead log, query planning. */
  readonly planningMs: number
  readonly stateMs: number
}

const PLANNING = ['latestOffset', 'queryPlanning', 'walCommit'] as const

/** What a running query says of a batch, for the split of latencies; nothing for a batch of another kind. */
export function batchTimes(batch: ReplyTo<'batch'>): BatchTimes[] {
  if (!('timestamp' in batch)) return []
  const { timestamp, rows, durations, state_ms } = batch
  const planningMs = PLANNING.reduce((sum, part) => sum + (durations[part] ?? 0), 0)
  return [{ startMs: Date.parse(timestamp), rows, planningMs, stateMs: state_ms ?? 0 }]
}

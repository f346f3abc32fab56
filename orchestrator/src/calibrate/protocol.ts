import { z } from 'zod'
import { parseJson } from '../system/json.ts'

/** What `spark-job/calibrate.py` is asked for, with the names of `cpu_anomaly/calibration/request.py`. */
export interface Request {
  /** Read instead of the topic. */
  readonly file: string | null
  /** The series of a sample is after the second comma of its line. */
  readonly file_has_series: boolean
  /** Epoch milliseconds, as all times. */
  readonly since_ms: number | null
  readonly exclude: readonly (readonly [fromMs: number, toMs: number])[]
  readonly by_key: boolean
  readonly by_hour: boolean
  readonly timezone: string
  /** Shares from 0 to 1. */
  readonly warn_share: number
  readonly error_share: number
  /** Percent. */
  readonly min_deviation: number
  readonly check: boolean
}

export const METHODS = ['plain', 'robust', 'target'] as const
export type Method = (typeof METHODS)[number]

const pair = z.object({ mean: z.number(), stddev: z.number(), is_floor: z.boolean() })

const input = z.object({
  event: z.literal('input'),
  samples: z.number(),
  /** Lines that are no samples, by reason. */
  rejected: z.record(z.string(), z.number()),
  windows: z.number(),
  series: z.number(),
  /** The start of the first window and of the last; null without a window. */
  first_ms: z.number().nullable(),
  last_ms: z.number().nullable(),
})

const normal = z.object({
  event: z.literal('normal'),
  /** Null: of all series. */
  series: z.string().nullable(),
  /** Of the week, from 0 (Monday, 00:00) to 167; null: of all hours. */
  hour: z.number().nullable(),
  samples: z.number(),
  windows: z.number(),
  is_enough: z.boolean(),
  median: z.number(),
  mad: z.number(),
  /** 1.4826 times the median absolute deviation of the window means. */
  window_spread: z.number(),
  pairs: z.object({ plain: pair, robust: pair, target: pair }),
})

const preview = z.object({
  event: z.literal('preview'),
  method: z.enum(['present', ...METHODS]),
  ...pair.shape,
  windows: z.number(),
  warn: z.number(),
  error: z.number(),
  /** Windows of one series, one after the other, that are WARN or ERROR. */
  longest_run: z.number(),
  /** The most extreme windows, the most extreme one first. */
  extremes: z.array(
    z.object({
      series: z.string(),
      start_ms: z.number(),
      mean: z.number(),
      score: z.number(),
      status: z.string(),
    }),
  ),
})

/** Of the window means. */
const histogram = z.object({
  event: z.literal('histogram'),
  start: z.number(),
  width: z.number(),
  counts: z.array(z.number()),
})

const windowValue = z.object({
  mean: z.number().nullable(),
  stddev: z.number().nullable(),
  count: z.number().nullable(),
  status: z.string().nullable(),
})

const check = z.object({
  event: z.literal('check'),
  compared: z.number(),
  differing: z.number(),
  predicted_warn: z.number(),
  predicted_error: z.number(),
  said_warn: z.number(),
  said_error: z.number(),
  predicted_samples: z.number(),
  said_samples: z.number(),
  /** The first windows that differ; null: there is none. */
  first: z.array(
    z.object({
      series: z.string(),
      start_ms: z.number().nullable(),
      predicted: windowValue.nullable(),
      said: windowValue.nullable(),
    }),
  ),
})

const replySchema = z.discriminatedUnion('event', [
  input,
  normal,
  preview,
  histogram,
  check,
  z.object({ event: z.literal('done') }),
  z.object({ event: z.literal('error'), message: z.string() }),
])

export type Reply = z.infer<typeof replySchema>
export type Input = z.infer<typeof input>
export type Normal = z.infer<typeof normal>
export type Preview = z.infer<typeof preview>
export type Histogram = z.infer<typeof histogram>
export type Check = z.infer<typeof check>

/** Undefined for a line that is not a reply, such as something that a library printed. */
export function parseReply(line: string): Reply | undefined {
  return replySchema.safeParse(parseJson(line)).data
}

/** All that one run of the batch has said. */
export interface Calibration {
  readonly input: Input
  /** All samples first. */
  readonly normals: readonly Normal[]
  readonly previews: readonly Preview[]
  readonly histogram: Histogram | undefined
  readonly check: Check | undefined
}

/** Undefined if the batch did not come to its end. */
export function collect(replies: readonly Reply[]): Calibration | undefined {
  const of = <E extends Reply['event']>(event: E) =>
    replies.filter((reply): reply is Extract<Reply, { event: E }> => reply.event === event)
  const [found] = of('input')
  if (!found || of('done').length === 0) return undefined
  return {
    input: found,
    normals: of('normal'),
    previews: of('preview'),
    histogram: of('histogram')[0],
    check: of('check')[0],
  }
}

import { parseJson } from '../system/json.ts'

export const STATUSES = ['SAFE', 'WARN', 'ERROR'] as const
export type Status = (typeof STATUSES)[number]

/** One window's result as the job writes it to Kafka. A window comes again whenever it changes; the last one counts. */
export interface AnomalyRecord {
  /** ISO times, UTC; the end is not part of the window. */
  readonly window: { readonly start: string; readonly end: string }
  /** Percent. */
  readonly mean: number
  /** Sample standard deviation, percent; null for a single sample. */
  readonly stddev: number | null
  /** Number of samples. */
  readonly count: number
  readonly status: Status
  /** Distance of the mean from normal, in normal standard deviations. */
  readonly score: number
  /** The record key whose samples these are; empty when all samples are taken together. */
  readonly series: string
}

export type ParsedRecord =
  | { readonly ok: true; readonly record: AnomalyRecord }
  | { readonly ok: false; readonly why: string }

/** A result from its bytes, in the order of fields above; says why where they are none. */
export function parseRecord(value: Uint8Array | null): ParsedRecord {
  if (value === null) return refused('it has no value')
  const text = decodeUtf8(value)
  if (text === undefined) return refused('it is not UTF-8')
  const parsed = parseJson(text)
  if (!isObject(parsed)) return refused('it is no JSON object')
  return readFields(parsed)
}

/** Identity of a window: start and series. */
export const windowKey = (record: AnomalyRecord): string => `${record.series}|${windowStartMs(record)}`

export const windowStartMs = (record: AnomalyRecord): number => Date.parse(record.window.start)

/** By window start, then by series. */
export function byWindow(a: AnomalyRecord, b: AnomalyRecord): number {
  const order = windowStartMs(a) - windowStartMs(b)
  if (order !== 0) return order
  return a.series < b.series ? -1 : a.series > b.series ? 1 : 0
}

/** Undefined where the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function readFields(fields: Record<string, unknown>): ParsedRecord {
  const { window, mean, stddev = null, count, status, score, series = '' } = fields
  if (!isObject(window) || !isTime(window.start) || !isTime(window.end))
    return refused('window is no pair of times')
  if (!isNumber(mean)) return refused('mean is no number')
  if (stddev !== null && !isNumber(stddev)) return refused('stddev is neither a number nor null')
  if (!isNumber(count) || !Number.isInteger(count) || count < 1)
    return refused('count is no whole number above 0')
  if (!isStatus(status)) return refused(`status is none of ${STATUSES.join(', ')}`)
  if (!isNumber(score)) return refused('score is no number')
  if (typeof series !== 'string') return refused('series is no text')
  const { start, end } = window
  return { ok: true, record: { window: { start, end }, mean, stddev, count, status, score, series } }
}

const refused = (why: string): ParsedRecord => ({ ok: false, why })

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
const isTime = (value: unknown): value is string =>
  typeof value === 'string' && Number.isFinite(Date.parse(value))
const isStatus = (value: unknown): value is Status => STATUSES.some((status) => status === value)

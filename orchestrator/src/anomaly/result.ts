import { parseJson } from '../system/json.ts'

export const STATUSES = ['SAFE', 'WARN', 'ERROR'] as const
export type Status = (typeof STATUSES)[number]

const NORMAL_SOURCES = ['hour', 'series', 'settings'] as const
type NormalSource = (typeof NORMAL_SOURCES)[number]

/** A result as the job writes it to Kafka. A window has one result per change; the last one is its final value. */
export interface WindowResult {
  /** ISO times in UTC; the end is exclusive. */
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
  /** The key of the records that the samples came in; empty when the job does not group by key. */
  readonly series: string
  /** The normal that the window was held against, percent. These three are null in results of earlier versions. */
  readonly normal_mean: number | null
  readonly normal_stddev: number | null
  /** Whose it is: the baseline's for the hour of the week or for any hour, or that of the settings. */
  readonly normal: NormalSource | null
}

export type ParsedResult =
  | { readonly ok: true; readonly result: WindowResult }
  | { readonly ok: false; readonly why: string }

/** Parses the value of a record of the output topic; the fields come out in the order above. */
export function parseResult(value: Uint8Array | null): ParsedResult {
  if (value === null) return refused('it has no value')
  const text = decodeUtf8(value)
  if (text === undefined) return refused('it is not UTF-8')
  const parsed = parseJson(text)
  if (!isObject(parsed)) return refused('it is not a JSON object')
  return readFields(parsed)
}

/** Identifies a window: `<series>|<start, epoch ms>`, the key of its results in Kafka. */
export const windowKey = (result: WindowResult): string => `${result.series}|${windowStartMs(result)}`

/** Epoch milliseconds. */
export const windowStartMs = (result: WindowResult): number => Date.parse(result.window.start)

/** Epoch milliseconds; exclusive. */
export const windowEndMs = (result: WindowResult): number => Date.parse(result.window.end)

/** Orders by window start, then by series. */
export function byWindow(a: WindowResult, b: WindowResult): number {
  const order = windowStartMs(a) - windowStartMs(b)
  if (order !== 0) return order
  return a.series < b.series ? -1 : a.series > b.series ? 1 : 0
}

/** Undefined if the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function readFields(fields: Record<string, unknown>): ParsedResult {
  const { window, mean, stddev = null, count, status, score, series = '' } = fields
  const { normal_mean = null, normal_stddev = null, normal = null } = fields
  if (!isObject(window) || !isTime(window.start) || !isTime(window.end))
    return refused('window is not a pair of times')
  if (!isNumber(mean)) return refused('mean is not a number')
  if (stddev !== null && !isNumber(stddev)) return refused('stddev is neither a number nor null')
  if (!isNumber(count) || !Number.isInteger(count) || count < 1)
    return refused('count is not a whole number above 0')
  if (!isStatus(status)) return refused(`status is none of ${STATUSES.join(', ')}`)
  if (!isNumber(score)) return refused('score is not a number')
  if (typeof series !== 'string') return refused('series is not a string')
  if (normal_mean !== null && !isNumber(normal_mean)) return refused('normal_mean is not a number')
  if (normal_stddev !== null && !isNumber(normal_stddev)) return refused('normal_stddev is not a number')
  if (normal !== null && !isNormalSource(normal))
    return refused(`normal is none of ${NORMAL_SOURCES.join(', ')}`)
  const { start, end } = window
  const judged = { normal_mean, normal_stddev, normal }
  return {
    ok: true,
    result: { window: { start, end }, mean, stddev, count, status, score, series, ...judged },
  }
}

const refused = (why: string): ParsedResult => ({ ok: false, why })

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
const isTime = (value: unknown): value is string =>
  typeof value === 'string' && Number.isFinite(Date.parse(value))
const isNormalSource = (value: unknown): value is NormalSource =>
  NORMAL_SOURCES.some((source) => source === value)
const isStatus = (value: unknown): value is Status => STATUSES.some((status) => status === value)

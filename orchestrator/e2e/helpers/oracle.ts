/**
 * Computes the expected results independently: plain TypeScript over the samples that the broker acknowledged, without
 * code of the tool or the job.
 */
export interface Sample {
  readonly timeMs: number
  readonly cpu: number
  /** Empty unless results are grouped by key. */
  readonly series?: string
}

export interface ExpectedWindow {
  readonly series: string
  readonly startMs: number
  readonly count: number
  readonly mean: number
  readonly stddev: number | null
  readonly status: 'SAFE' | 'WARN' | 'ERROR'
  readonly normal: Normal
}

export interface Normal {
  readonly mean: number
  readonly stddev: number
  readonly source: 'hour' | 'series' | 'settings'
}

/** The normal of a window. */
export type NormalOf = (series: string, startMs: number) => Normal

/** One line of a record. */
export interface Line {
  readonly bytes: Buffer
  /** Counted from 0; null if the record has only one line. */
  readonly line: number | null
}

const LINE_FEED = 0x0a
const WHITESPACE: readonly number[] = [...Buffer.from(' \t\r\n')]
const MAX_RECORD_BYTES = 1_048_576

/**
 * Splits a record into lines, byte by byte. Trailing whitespace does not start another line; a record without a value,
 * or one that is too large, is a single line.
 */
export function linesOf(value: Buffer | null): Line[] {
  if (value === null) return [{ bytes: Buffer.alloc(0), line: null }]
  let end = value.length
  while (end > 0 && WHITESPACE.includes(value[end - 1] as number)) end -= 1
  const lines: Buffer[] = []
  let from = 0
  for (let at = 0; at < end && value.length <= MAX_RECORD_BYTES; at += 1)
    if (value[at] === LINE_FEED) {
      lines.push(value.subarray(from, at))
      from = at + 1
    }
  if (lines.length === 0) return [{ bytes: value, line: null }]
  return [...lines, value.subarray(from, end)].map((bytes, line) => ({ bytes, line }))
}

/** The windows by key (`<series>|<start ms>`); mean and sample standard deviation are computed in two passes. */
export function expectedWindows(
  samples: readonly Sample[],
  normalOf: NormalOf,
  windowMs = 500,
): Map<string, ExpectedWindow> {
  const groups = new Map<string, number[]>()
  for (const { timeMs, cpu, series = '' } of samples) {
    const key = `${series}|${Math.floor(timeMs / windowMs) * windowMs}`
    const group = groups.get(key)
    if (group) group.push(cpu)
    else groups.set(key, [cpu])
  }
  return new Map([...groups].map(([key, values]) => [key, summarize(key, values, normalOf)]))
}

function summarize(key: string, values: readonly number[], normalOf: NormalOf): ExpectedWindow {
  const count = values.length
  const mean = sum(values) / count
  const squares = sum(values.map((value) => (value - mean) ** 2))
  const separator = key.lastIndexOf('|')
  const series = key.slice(0, separator)
  const startMs = Number(key.slice(separator + 1))
  const normal = normalOf(series, startMs)
  return {
    series,
    startMs,
    count,
    mean,
    stddev: count > 1 ? Math.sqrt(squares / (count - 1)) : null,
    status: classify(mean, normal),
    normal,
  }
}

function classify(mean: number, normal: Normal): ExpectedWindow['status'] {
  const distance = mean - normal.mean
  if (distance > 2 * normal.stddev) return 'ERROR'
  return distance > normal.stddev ? 'WARN' : 'SAFE'
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

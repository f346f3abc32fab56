import { type TimeUnit, toMillis, unitOf } from './time-unit.ts'

/** A line of CSV as the job reads it: a time since 1970 and percent, with optional whitespace. */
const SAMPLE = /^\s*(\d{1,40})\s*,(\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*)$/
const HEADER = /^(?:\ufeff)?\s*"?[A-Za-z_][^,]*,\s*"?[A-Za-z_][^,]*$/
/** The job's own limits: see `lines.py` and `guard.py`. */
export const MAX_LINE_BYTES = 1_024
const LARGEST_CPU = 1e150

export interface Sample {
  readonly timeMs: number
  /** Percent, as written. */
  readonly cpu: string
}

/** Undefined for a line that the job would not accept as a sample, once its time is in milliseconds. */
export function readSample(line: string): (Sample & { readonly unit: TimeUnit }) | undefined {
  if (line.length > MAX_LINE_BYTES) return undefined
  const [, time = '', cpu] = SAMPLE.exec(line) ?? []
  const unit = unitOf(time)
  if (cpu === undefined || unit === undefined || Math.abs(Number(cpu)) > LARGEST_CPU) return undefined
  return { timeMs: toMillis(time, unit), cpu: cpu.trim(), unit }
}

/** Does the first line of a file name its columns, as in `"time_millis","cpu"`? */
export const isHeader = (line: string): boolean => HEADER.test(line.trimEnd())

export const formatSample = ({ timeMs, cpu }: Sample): string => `${timeMs},${cpu}`

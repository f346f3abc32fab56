import { type TimeUnit, toMillis, unitOf } from '../table/time-unit.ts'

/** A line of CSV as the job reads it: a time since 1970 and percent, with optional whitespace (`\s` is more than its own). */
const SAMPLE =
  /^[ \t\r\n]*(\d{1,40})[ \t\r\n]*,([ \t\r\n]*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[ \t\r\n]*)$/
const HEADER = /^(?:\ufeff)?\s*"?[A-Za-z_][^,]*,\s*"?[A-Za-z_][^,]*$/
/** The job's own limits: see `formats/csv.py` and `guard.py`. */
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

const [ZERO, NINE, DOT, COMMA] = [0x30, 0x39, 0x2e, 0x2c]
const isDigit = (byte = 0) => byte >= ZERO && byte <= NINE

/**
 * Fast path, without text: the time of a line of 13 digits, a comma, and digits with at most one point between them.
 * Undefined for any other line, which may still be a sample.
 */
export function plainTime(line: Buffer): number | undefined {
  const { length } = line
  if (length < 15 || length > 40 || line[13] !== COMMA || line[0] === ZERO) return undefined
  let timeMs = 0
  for (let at = 0; at < 13; at += 1) {
    const byte = line[at] as number
    if (!isDigit(byte)) return undefined
    timeMs = timeMs * 10 + byte - ZERO
  }
  let points = 0
  for (let at = 14; at < length; at += 1) {
    const byte = line[at] as number
    if (byte === DOT) points += 1
    else if (!isDigit(byte)) return undefined
  }
  return points <= 1 && line[14] !== DOT && line[length - 1] !== DOT ? timeMs : undefined
}

/** Does the first line of a file name its columns, as in `"time_millis","cpu"`? */
export const isHeader = (line: string): boolean => HEADER.test(line.trimEnd())

export const formatSample = ({ timeMs, cpu }: Sample): string => `${timeMs},${cpu}`

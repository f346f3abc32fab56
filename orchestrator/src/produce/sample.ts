/** A line of CSV as the job reads it: epoch milliseconds and percent, with optional whitespace. */
const SAMPLE = /^\s*(\d{1,18})\s*,(\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*)$/
const HEADER = /^(?:\ufeff)?\s*"?[A-Za-z_][^,]*,\s*"?[A-Za-z_][^,]*$/

export interface Sample {
  readonly timeMs: number
  /** Percent, as written. */
  readonly cpu: string
}

/** Undefined for a line that the job would not accept as a sample. */
export function parseSample(line: string): Sample | undefined {
  const [, time, cpu] = SAMPLE.exec(line) ?? []
  return time === undefined || cpu === undefined ? undefined : { timeMs: Number(time), cpu: cpu.trim() }
}

/** Does the first line of a file name its columns, as in `"time_millis","cpu"`? */
export const isHeader = (line: string): boolean => HEADER.test(line.trimEnd())

export const formatSample = ({ timeMs, cpu }: Sample): string => `${timeMs},${cpu}`

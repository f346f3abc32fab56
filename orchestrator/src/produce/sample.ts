/** A line of CSV as the job reads it: epoch milliseconds and percent, blanks tolerated. */
const SAMPLE = /^\s*(\d{1,18})\s*,(\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*)$/
const HEADER = /^(?:\ufeff)?\s*"?[A-Za-z_][^,]*,\s*"?[A-Za-z_][^,]*$/

export interface Sample {
  readonly timeMs: number
  /** Percent, as it was written. */
  readonly cpu: string
}

/** Undefined for a line that the job would not take for a sample. */
export function parseSample(line: string): Sample | undefined {
  const [, time, cpu] = SAMPLE.exec(line) ?? []
  return time === undefined || cpu === undefined ? undefined : { timeMs: Number(time), cpu: cpu.trim() }
}

/** Is the first line of a file names of columns, such as `"time_millis","cpu"`? */
export const isHeader = (line: string): boolean => HEADER.test(line.trimEnd())

export const formatSample = ({ timeMs, cpu }: Sample): string => `${timeMs},${cpu}`

/** Gives a sample another time; a line that is none stays as it is. */
export type Stamp = (sample: Sample) => number

/** Moves all samples by the same span, so that the newest one gets this time; their spacing is kept. */
export const shiftedTo = (newestMs: number, timeMs: number): Stamp => {
  const shift = timeMs - newestMs
  return (sample) => sample.timeMs + shift
}

/** Why these first bytes cannot be those of a CSV file; undefined where they can. */
export function notCsv(head: Uint8Array): string | undefined {
  const startsWith = (...bytes: number[]) => bytes.every((byte, index) => head[index] === byte)
  if (startsWith(0x1f, 0x8b))
    return 'it is compressed with gzip; unpack it: gunzip -c FILE | cpu-anomaly produce -'
  if (startsWith(0x50, 0x4b, 0x03, 0x04)) return 'it is a ZIP archive; unpack it first'
  if (startsWith(0x28, 0xb5, 0x2f, 0xfd))
    return 'it is compressed with zstd; unpack it: zstd -dc FILE | cpu-anomaly produce -'
  if (startsWith(0xff, 0xfe) || startsWith(0xfe, 0xff)) return 'it is UTF-16; save it as UTF-8'
  if (head.includes(0)) return 'it is binary, not CSV'
  return undefined
}

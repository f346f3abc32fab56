import type { Restamp } from './restamp.ts'
import { formatSample, isHeader, parseSample } from './sample.ts'

/** What `toRecordValues` noticed in the input; filled in as lines pass. */
export interface InputReport {
  header: string | undefined
  /** Number of lines that do not look like samples. They are sent all the same: the job reports why it rejects them. */
  malformedLines: number
  firstMalformed: string | undefined
}

export const emptyReport = (): InputReport => ({
  header: undefined,
  malformedLines: 0,
  firstMalformed: undefined,
})

/** Turns lines into record values: drops a header and, with `restamp`, replaces the times; otherwise unchanged. */
export async function* toRecordValues(
  lines: AsyncIterable<readonly Buffer[]>,
  report: InputReport,
  restamp: Restamp | undefined,
): AsyncGenerator<Buffer[]> {
  let isFirst = true
  for await (const some of lines) {
    const rest = isFirst ? withoutHeader(some, report) : some
    isFirst = false
    yield rest.map((line) => toRecordValue(line, report, restamp))
  }
}

function withoutHeader(lines: readonly Buffer[], report: InputReport): readonly Buffer[] {
  const text = lines[0]?.toString('utf8')
  if (text === undefined || !isHeader(text)) return lines
  report.header = text.trim()
  return lines.slice(1)
}

function toRecordValue(line: Buffer, report: InputReport, restamp: Restamp | undefined): Buffer {
  const sample = parseSample(line.toString('latin1'))
  if (!sample) {
    report.malformedLines += 1
    report.firstMalformed ??= line.toString('utf8')
    return line
  }
  return restamp ? Buffer.from(formatSample({ timeMs: restamp(sample), cpu: sample.cpu })) : line
}

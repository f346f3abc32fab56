import { isHeader, parseSample, type Stamp } from './sample.ts'

/** What was noticed on the way; filled in as lines pass. */
export interface Noticed {
  header: string | undefined
  /** Lines that do not look like samples. They are sent all the same: the job says why it cannot use them. */
  unlikeSamples: number
  firstUnlike: string | undefined
}

export const nothingNoticed = (): Noticed => ({ header: undefined, unlikeSamples: 0, firstUnlike: undefined })

/** The records' values: every line as it is, but for a header, and with other times where a stamp is given. */
export async function* toValues(
  lines: AsyncIterable<readonly Buffer[]>,
  noticed: Noticed,
  stamp: Stamp | undefined,
): AsyncGenerator<Buffer[]> {
  let isFirst = true
  for await (const some of lines) {
    const rest = isFirst ? withoutHeader(some, noticed) : some
    isFirst = false
    yield rest.map((line) => toValue(line, noticed, stamp))
  }
}

/** The newest time of all samples; undefined where there is none. */
export async function newestTime(lines: AsyncIterable<readonly Buffer[]>): Promise<number | undefined> {
  let newest: number | undefined
  for await (const some of lines)
    for (const line of some) {
      const timeMs = parseSample(line.toString('latin1'))?.timeMs
      if (timeMs !== undefined && (newest === undefined || timeMs > newest)) newest = timeMs
    }
  return newest
}

function withoutHeader(lines: readonly Buffer[], noticed: Noticed): readonly Buffer[] {
  const text = lines[0]?.toString('utf8')
  if (text === undefined || !isHeader(text)) return lines
  noticed.header = text.trim()
  return lines.slice(1)
}

function toValue(line: Buffer, noticed: Noticed, stamp: Stamp | undefined): Buffer {
  const sample = parseSample(line.toString('latin1'))
  if (!sample) {
    noticed.unlikeSamples += 1
    noticed.firstUnlike ??= line.toString('utf8')
    return line
  }
  return stamp ? Buffer.from(`${stamp(sample)},${sample.cpu}`) : line
}

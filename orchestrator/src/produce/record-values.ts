import type { TimeUnit } from '../table/time-unit.ts'
import { type Line, type RecordLine, withKey } from './line.ts'
import type { Restamp } from './restamp.ts'
import { formatSample, plainTime, readSample } from './sample.ts'

/** How lines become the values of records. */
export interface Conversion {
  readonly restamp?: Restamp | undefined
  /** Called for each sample with the time that is sent, the number of its line, the unit of its time there, and the line. */
  readonly onSample?: ((timeMs: number, number: number, unit: TimeUnit, line: Buffer) => void) | undefined
  /** Called for each line that is not a sample. It is sent all the same: the job reports why it rejects it. */
  readonly onUnlike?: ((line: Buffer, number: number) => void) | undefined
}

/** Converts the times of samples to milliseconds and restamps them; every other byte stays as it is. */
export async function* toRecordValues(
  lines: AsyncIterable<readonly Line[]>,
  conversion: Conversion,
): AsyncGenerator<RecordLine[]> {
  for await (const some of lines)
    yield some.map((line) => withKey(toRecordValue(line.bytes, line.number, conversion), line.key))
}

/** The lines after the first one, which is a header. */
export async function* withoutHeader(lines: AsyncIterable<readonly Line[]>): AsyncGenerator<readonly Line[]> {
  let isFirst = true
  for await (const some of lines) {
    yield isFirst ? some.slice(1) : some
    isFirst = false
  }
}

function toRecordValue(line: Buffer, number: number, { restamp, ...told }: Conversion): Buffer {
  const plainMs = restamp ? undefined : plainTime(line)
  if (plainMs !== undefined) {
    told.onSample?.(plainMs, number, 'ms', line)
    return line
  }
  const sample = readSample(line.toString('latin1'))
  if (!sample) {
    told.onUnlike?.(line, number)
    return line
  }
  const timeMs = restamp ? restamp(sample) : sample.timeMs
  told.onSample?.(timeMs, number, sample.unit, line)
  return restamp || sample.unit !== 'ms' ? Buffer.from(formatSample({ timeMs, cpu: sample.cpu })) : line
}

import { gzipSync } from 'node:zlib'
import type { RawRecord } from './kafka.ts'
import { linesOf, type Sample } from './oracle.ts'

/** An unusual record: the reason why the job rejects it, or the sample that the job reads from it nevertheless. */
export interface OddRecord extends RawRecord {
  readonly reason?: string
  readonly sample?: Sample
}

/** Every kind of bad record, with the time `at`; the accepted ones come first. */
export function badRecords(at: number): OddRecord[] {
  const ahead = Date.now() + 3_600_000
  const rejected = (reason: string, ...values: (string | Buffer | null)[]): OddRecord[] =>
    values.map((value) => ({
      key: 'host',
      value: typeof value === 'string' ? Buffer.from(value) : value,
      reason,
    }))
  const accepted = (text: string, cpu: number): OddRecord => ({
    key: 'host',
    value: Buffer.from(text),
    sample: { timeMs: at, cpu },
  })
  return [
    accepted(` ${at} , 13.64\r\n`, 13.64),
    accepted(`${at},-5`, -5),
    accepted(`${at},250`, 250),
    accepted(`${at},13.64`, 13.64),
    accepted(`${at},13.64`, 13.64),
    ...rejected('bad_timestamp', '"time_millis","cpu"', 'abc,1'),
    ...rejected('empty', null, '', ' \t'),
    ...rejected('field_count', `${at}`, `${at},`, `${at},1,2`, `${at},1;2,3,4`),
    ...rejected('bad_cpu', `${at},abc`, `${at},0x1p3`, `${at},1d`),
    ...rejected('not_finite', `${at},NaN`, `${at},Infinity`, `${at},-Infinity`, `${at},1e400`),
    ...rejected('future', `${ahead},5`, `${at}000,5`, `${at}000000,5`),
    ...rejected('timestamp_unit', `${Math.floor(at / 1000)},5`, '-5,5', '99999999999999999999,5'),
    ...rejected(
      'not_utf8',
      Buffer.from([0x31, 0xff, 0xfe]),
      Buffer.from(`\ufeff${at},5`),
      gzipSync(`${at},5`),
    ),
    ...rejected('too_long', `${at},${'1'.repeat(1_024)}`, Buffer.alloc(900_000, 'x')),
    ...rejected('bad_timestamp', '\u001b]0;x\u0007,5', '\u001b[2J,5', '\u202e,5', '<script>," onload='),
    ...rejected('bad_cpu', `${at},=cmd()`),
  ]
}

/** A bad line: its place as the test sent it, and the reason that its dead letter must have. */
interface BadLine {
  readonly record: number
  readonly line: number | null
  readonly reason: string
}

export interface PackedLines {
  readonly records: readonly RawRecord[]
  readonly samples: readonly Sample[]
  readonly bad: readonly BadLine[]
  /** Number of lines in all records. */
  readonly lines: number
}

/** Packs lines into records of `perRecord` lines each, whose line ends alternate between LF and CRLF. */
export function packLines(lines: readonly OddRecord[], perRecord: number, series?: string): PackedLines {
  const records: RawRecord[] = []
  const samples: Sample[] = []
  const bad: BadLine[] = []
  let count = 0
  for (let from = 0; from < lines.length; from += perRecord) {
    const some = lines.slice(from, from + perRecord)
    const lineEnd = records.length % 2 === 0 ? '\n' : '\r\n'
    // Every third record has a trailing line end.
    const texts = some.flatMap(({ value }, at) =>
      at === some.length - 1 && records.length % 3 !== 0
        ? [value ?? Buffer.alloc(0)]
        : [value ?? Buffer.alloc(0), Buffer.from(lineEnd)],
    )
    const value = Buffer.concat(texts)
    const split = linesOf(value)
    if (split.length !== some.length)
      throw new Error(`record ${records.length} has ${split.length} lines, not ${some.length}`)
    some.forEach(({ sample, reason }, at) => {
      if (sample) samples.push(series === undefined ? sample : { ...sample, series })
      if (reason) bad.push({ record: records.length, line: split[at]?.line ?? null, reason })
    })
    count += split.length
    records.push({ key: series ?? null, value })
  }
  return { records, samples, bad, lines: count }
}

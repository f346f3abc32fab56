import { gzipSync } from 'node:zlib'
import type { RawRecord } from './kafka.ts'
import { linesOf, type Sample } from './oracle.ts'

/** A record that looks wrong: why the job refuses it, or the sample that it takes it for all the same. */
export interface OddRecord extends RawRecord {
  readonly reason?: string
  readonly sample?: Sample
}

/** Every kind of record of the table of bad data, of a time `at`; those that are taken come first. */
export function badRecords(at: number): OddRecord[] {
  const ahead = Date.now() + 3_600_000
  const refused = (reason: string, ...values: (string | Buffer | null)[]): OddRecord[] =>
    values.map((value) => ({
      key: 'host',
      value: typeof value === 'string' ? Buffer.from(value) : value,
      reason,
    }))
  const taken = (text: string, cpu: number): OddRecord => ({
    key: 'host',
    value: Buffer.from(text),
    sample: { timeMs: at, cpu },
  })
  return [
    taken(` ${at} , 13.64\r\n`, 13.64),
    taken(`${at},-5`, -5),
    taken(`${at},250`, 250),
    taken(`${at},13.64`, 13.64),
    taken(`${at},13.64`, 13.64),
    ...refused('bad_timestamp', '"time_millis","cpu"', 'abc,1'),
    ...refused('empty', null, '', ' \t'),
    ...refused('field_count', `${at}`, `${at},`, `${at},1,2`, `${at},1;2,3,4`),
    ...refused('bad_cpu', `${at},abc`, `${at},0x1p3`, `${at},1d`),
    ...refused('not_finite', `${at},NaN`, `${at},Infinity`, `${at},-Infinity`, `${at},1e400`),
    ...refused('future', `${ahead},5`, `${at}000,5`, `${at}000000,5`),
    ...refused('timestamp_unit', `${Math.floor(at / 1000)},5`, '-5,5', '99999999999999999999,5'),
    ...refused(
      'not_utf8',
      Buffer.from([0x31, 0xff, 0xfe]),
      Buffer.from(`\ufeff${at},5`),
      gzipSync(`${at},5`),
    ),
    ...refused('too_long', `${at},${'1'.repeat(1_024)}`, Buffer.alloc(900_000, 'x')),
    ...refused('bad_timestamp', '\u001b]0;x\u0007,5', '\u001b[2J,5', '\u202e,5', '<script>," onload='),
    ...refused('bad_cpu', `${at},=cmd()`),
  ]
}

/** What a dead letter says of one bad line, where it lies as the test put it. */
interface BadLine {
  readonly record: number
  readonly line: number | null
  readonly reason: string
}

export interface Packed {
  readonly records: readonly RawRecord[]
  readonly samples: readonly Sample[]
  readonly bad: readonly BadLine[]
  /** Of all records, as the rules count them. */
  readonly lines: number
}

/** Puts lines, each either good or odd, into records of so many each; the records' line ends alternate in kind. */
export function packed(lines: readonly OddRecord[], perRecord: number, series?: string): Packed {
  const records: RawRecord[] = []
  const samples: Sample[] = []
  const bad: BadLine[] = []
  let count = 0
  for (let from = 0; from < lines.length; from += perRecord) {
    const some = lines.slice(from, from + perRecord)
    const lineEnd = records.length % 2 === 0 ? '\n' : '\r\n'
    // Every third record ends with a line end.
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

import { gzipSync } from 'node:zlib'
import type { RawRecord } from './kafka.ts'
import type { Sample } from './oracle.ts'

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

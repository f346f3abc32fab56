import type { Table } from '../table/open-table.ts'
import type { Finding } from './findings.ts'
import type { Line } from './line.ts'
import { formatSample } from './sample.ts'

type Through = (chunks: AsyncIterable<Buffer>) => AsyncIterable<Buffer>

/** The samples of a table as lines `time_millis,cpu`, with the numbers that they have in its file. */
export async function* tableLines(table: Table, isKeyed: boolean, through?: Through): AsyncGenerator<Line[]> {
  for await (const samples of table.samples(through))
    yield samples.map((sample) => ({
      bytes: Buffer.from(formatSample(sample)),
      number: sample.line,
      key: isKeyed ? sample.series : undefined,
    }))
}

/** What a table was taken for, and what becomes of its series. */
export function tableFindings(
  { remark, series, isNewestFirst }: Table,
  { isKeyed, isGrouped }: { readonly isKeyed: boolean; readonly isGrouped: boolean },
): Finding[] {
  const found: Finding[] = [
    { kind: 'note', message: isNewestFirst ? `${remark}; sent in the order of their times` : remark },
  ]
  if (!series || series.count < 2) return found
  const which = `the ${series.count} series of ${series.column}`
  if (!isKeyed)
    found.push({
      kind: 'warn',
      message: `${which} are mixed into one`,
      hint: 'To keep them apart: GROUP_BY=key in .env, and --series COLUMN instead of --key.',
    })
  else if (!isGrouped)
    found.push({
      kind: 'warn',
      message: `${which} are the keys of the records, but the job computes them together`,
      hint: 'To keep them apart: GROUP_BY=key in .env.',
    })
  return found
}

import Table from 'cli-table3'
import { percentile } from '../statistics.ts'
import type { DemoResult } from './demo-run.ts'

const number = (count: number) => Math.round(count).toLocaleString('en')

/** A result that counts the last sample of a window need not wait for the window's end. */
const ofWindow = (ms: number): string =>
  `${number(Math.abs(ms))} ms ${ms < 0 ? 'before' : 'after'} its window's end`

/** The figures that the demo measured. */
export function summaryTable(result: DemoResult): string {
  const { latencies, normal, learnedFrom, verdict, samplesSent, samplesCounted } = result
  const { inside, missed, outside, falseAlarms } = verdict
  const table = new Table({ style: { head: [], border: [] } })
  table.push(
    ['samples', `${number(samplesSent)} sent, ${number(samplesCounted)} counted in windows`],
    ['normal', `${normal.mean} ± ${normal.stddev} %, learned from ${learnedFrom} windows`],
    ['burst', `${inside.length - missed.length} of its ${inside.length} windows are anomalies`],
    ['otherwise', `${falseAlarms.length} of ${outside.length} windows are anomalies`],
    [
      'last result',
      `median ${ofWindow(percentile(latencies, 50))}; 95 % by ${ofWindow(percentile(latencies, 95))}`,
    ],
  )
  return table.toString()
}

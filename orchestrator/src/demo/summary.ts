import Table from 'cli-table3'
import { percentile } from '../statistics.ts'
import type { DemoResult } from './demo-run.ts'

/** The figures that the demo measured. */
export function summaryTable(result: DemoResult): string {
  const { latencies, normal, learnedFrom, verdict, samplesSent, samplesCounted } = result
  const { inside, missed, outside, falseAlarms } = verdict
  const number = (count: number) => Math.round(count).toLocaleString('en')
  const table = new Table({ style: { head: [], border: [] } })
  table.push(
    ['samples', `${number(samplesSent)} sent, ${number(samplesCounted)} counted in windows`],
    ['normal', `${normal.mean} ± ${normal.stddev} %, learned from ${learnedFrom} windows`],
    ['burst', `${inside.length - missed.length} of its ${inside.length} windows are anomalies`],
    ['otherwise', `${falseAlarms.length} of ${outside.length} windows are anomalies`],
    [
      'latency',
      `median ${number(percentile(latencies, 50))} ms, 95 % within ${number(percentile(latencies, 95))} ms after a window ends`,
    ],
  )
  return table.toString()
}

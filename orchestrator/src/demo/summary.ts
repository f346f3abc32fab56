import Table from 'cli-table3'
import { percentile } from '../statistics.ts'
import type { DemoResult } from './demo-run.ts'
import { HOUR_SAMPLES } from './simulated-hour.ts'

/** The figures that the demo measured. */
export function summaryTable({ latest, samplesSent, hourSeconds, liveFromMs }: DemoResult): string {
  const counts = latest.countByStatus()
  const number = (count: number) => Math.round(count).toLocaleString('en')
  const latencies = latest.latencies(liveFromMs)
  const table = new Table({ style: { head: [], border: [] } })
  table.push(
    ['samples', `${number(samplesSent)} sent, ${number(latest.samples)} counted in windows`],
    [
      'windows',
      `${number(latest.windows)}: ${number(counts.SAFE)} SAFE, ${counts.WARN} WARN, ${counts.ERROR} ERROR`,
    ],
    [
      'simulated hour',
      `${hourSeconds.toFixed(1)} s from first sample to last result, ${number(HOUR_SAMPLES / hourSeconds)} samples/s`,
    ],
    [
      'live latency',
      `median ${number(percentile(latencies, 50))} ms, 95 % within ${number(percentile(latencies, 95))} ms after a window ends`,
    ],
  )
  return table.toString()
}

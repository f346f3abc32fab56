import Table from 'cli-table3'
import { percentile } from '../statistics.ts'
import { HOUR_SAMPLES } from './hour.ts'
import type { TourResult } from './tour.ts'

/** The tour in figures, as it was measured. */
export function summaryTable({ board, samplesSent, hourSeconds, liveFromMs }: TourResult): string {
  const counts = board.countBy()
  const number = (count: number) => Math.round(count).toLocaleString('en')
  const latencies = board.latencies(liveFromMs)
  const table = new Table({ style: { head: [], border: [] } })
  table.push(
    ['samples', `${number(samplesSent)} sent, ${number(board.samples)} counted in windows`],
    [
      'windows',
      `${number(board.windows)}: ${number(counts.SAFE)} SAFE, ${counts.WARN} WARN, ${counts.ERROR} ERROR`,
    ],
    [
      'recorded hour',
      `${hourSeconds.toFixed(1)} s from first sample to last result, ${number(HOUR_SAMPLES / hourSeconds)} rows/s`,
    ],
    [
      'live latency',
      `median ${number(percentile(latencies, 50))} ms, 95 % within ${number(percentile(latencies, 95))} ms (window end to its last value here)`,
    ],
  )
  return table.toString()
}

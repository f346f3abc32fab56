import { formatCount, formatMegabytes, formatMs, formatPercent, formatRate } from '../../terminal/units.ts'
import type { LatencyResult, Measured, RowsCheck } from '../measure/results.ts'

export interface TableData {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** What was measured, as tables; those without a row are left out. */
export function resultTables(results: readonly Measured[], checks: readonly RowsCheck[]): TableData[] {
  return [
    throughputTable(results),
    latencyTable(results),
    splitTable(results),
    scalingTable(results, checks),
  ].filter(({ rows }) => rows.length > 0)
}

const perSecond = (rate: number) => formatRate(rate, 1_000)

function throughputTable(results: readonly Measured[]): TableData {
  const rows = results.flatMap((result) => {
    if (result.measurement === 'throughput') {
      const { samplesPerRecord, samples, jobRate, noopRate, ratio } = result
      const name = `${samplesPerRecord === 1 ? 'one sample' : `${samplesPerRecord} samples`} a record`
      return [[name, formatCount(samples), perSecond(jobRate), perSecond(noopRate), formatPercent(ratio), '']]
    }
    if (result.measurement !== 'backlog') return []
    const { samples, rate, wallMs, peakRssBytes } = result
    const name = `backlog, new driver, in ${(wallMs / 1_000).toFixed(1)} s`
    return [[name, formatCount(samples), perSecond(rate), '', '', formatMegabytes(peakRssBytes)]]
  })
  return {
    title: 'Throughput (samples; JIT warm and start-up excluded, but for the backlog)',
    head: ['', 'samples', 'job', 'bare read (noop)', 'job / noop', 'driver memory'],
    rows,
  }
}

function latencyTable(results: readonly Measured[]): TableData {
  const rows = latencies(results).flatMap((result) =>
    (['first', 'final'] as const).map((value) => {
      const { p50, p90, p95, p99, max } = result[value]
      const more =
        value === 'final'
          ? [formatPercent(result.cpuShare), `${formatMs(result.producerLateP99Ms)} ms`]
          : ['', '']
      return [`${result.trigger}, ${value}`, ...[p50, p90, p95, p99, max].map(formatMs), ...more]
    }),
  )
  return {
    title: `Latency (ms from a window's end to its first and to its final value)${rateOf(results)}`,
    head: ['', 'p50', 'p90', 'p95', 'p99', 'max', 'driver, of a core', 'producer late, p99'],
    rows,
  }
}

function splitTable(results: readonly Measured[]): TableData {
  const rows = latencies(results).flatMap(({ trigger, split }) =>
    split
      ? [
          [
            trigger,
            ...[split.trigger, split.planning, split.state, split.sourceAndSink, split.kafka].map(formatMs),
          ],
        ]
      : [],
  )
  return {
    title: 'Where the final value’s latency goes (medians, ms)',
    head: ['', 'trigger wait', 'planning', 'state', 'source and sink', 'Kafka'],
    rows,
  }
}

function scalingTable(results: readonly Measured[], checks: readonly RowsCheck[]): TableData {
  const rows = results.flatMap((result) => {
    if (result.measurement !== 'scaling') return []
    const { axis, value, stateStore, samples, wallMs, rate, stateRows } = result
    const name = `${axis === 'series' ? `series (${stateStore})` : axis}: ${formatCount(value)}`
    const time = `${(wallMs / 1_000).toFixed(1)} s`
    return [[name, formatCount(samples), time, perSecond(rate), formatCount(stateRows)]]
  })
  return {
    title: 'Scaling (time of the whole query; rate without its start-up)',
    head: ['', 'samples', 'time', 'rate', 'state rows'],
    rows: [...rows, ...checks.map(checkRow)],
  }
}

function checkRow({ fromRows, toRows, rowsFactor, timeFactor, holds }: RowsCheck): string[] {
  const name = `${formatCount(fromRows)} to ${formatCount(toRows)} rows`
  return [
    name,
    `x ${rowsFactor}`,
    `x ${timeFactor.toFixed(1)}`,
    holds ? 'at most linear' : 'more than linear',
    '',
  ]
}

function latencies(results: readonly Measured[]): LatencyResult[] {
  return results.filter((result) => result.measurement === 'latency')
}

function rateOf(results: readonly Measured[]): string {
  const [one] = latencies(results)
  return one ? ` at ${one.rate.toLocaleString('en')} samples/s, ${one.seconds} s` : ''
}

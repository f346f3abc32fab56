import {
  formatCount,
  formatKilobytes,
  formatMegabytes,
  formatMs,
  formatPercent,
  formatRate,
} from '../../terminal/units.ts'
import type { LatencyResult, Measurement, SamplesCheck } from '../measure/results.ts'

export interface TableData {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** Makes the tables for what was measured, without empty ones. */
export function resultTables(results: readonly Measurement[], checks: readonly SamplesCheck[]): TableData[] {
  return [
    throughputTable(results),
    formatsTable(results),
    baselinesTable(results),
    latencyTable(results),
    splitTable(results),
    scalingTable(results, checks),
  ].filter(({ rows }) => rows.length > 0)
}

const perSecond = (rate: number) => formatRate(rate, 1_000)

function throughputTable(results: readonly Measurement[]): TableData {
  const rows = results.flatMap((result) => {
    if (result.measurement === 'throughput') {
      const { samplesPerRecord, samples, jobRate, noopRate, ratio } = result
      const name = `${samplesPerRecord === 1 ? 'one sample' : `${samplesPerRecord} samples`} per record`
      return [[name, formatCount(samples), perSecond(jobRate), perSecond(noopRate), formatPercent(ratio), '']]
    }
    if (result.measurement !== 'backlog') return []
    const { samples, rate, wallMs, peakRssBytes } = result
    const name = `backlog, new driver, in ${(wallMs / 1_000).toFixed(1)} s`
    return [[name, formatCount(samples), perSecond(rate), '', '', formatMegabytes(peakRssBytes)]]
  })
  return {
    title: 'Throughput (samples/s, with a warm JIT and without start-up, except for the backlog)',
    head: ['', 'samples', 'job', 'bare read (noop)', 'job / noop', 'driver memory'],
    rows,
  }
}

function formatsTable(results: readonly Measurement[]): TableData {
  const rows = results
    .filter((result) => result.measurement === 'format')
    .map(({ format, samples, rate, csvRate, share }) => [
      format,
      formatCount(samples),
      perSecond(rate),
      perSecond(csvRate),
      formatPercent(share),
    ])
  return {
    title: 'Input formats, each in turn with csv (one sample per record, warm JIT)',
    head: ['', 'samples', 'job', 'csv', 'share'],
    rows,
  }
}

function baselinesTable(results: readonly Measurement[]): TableData {
  const rows = results
    .filter((result) => result.measurement === 'baseline')
    .map(({ name, normals, series, samples, rate, share }) => [
      name,
      formatCount(series),
      formatCount(normals),
      formatCount(samples),
      perSecond(rate),
      formatPercent(share),
    ])
  return {
    title: 'Baselines (one sample per record, ten in a window, state in RocksDB, warm JIT)',
    head: ['', 'series', 'normals', 'samples', 'job', 'of none'],
    rows,
  }
}

function latencyTable(results: readonly Measurement[]): TableData {
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
    title: `Latency (ms from the end of a window to its first and to its final value)${rateOf(results)}`,
    head: ['', 'p50', 'p90', 'p95', 'p99', 'max', 'driver, of one core', 'producer late, p99'],
    rows,
  }
}

function splitTable(results: readonly Measurement[]): TableData {
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
    title: 'Breakdown of the final value’s latency (medians, ms)',
    head: ['', 'trigger wait', 'planning', 'state', 'source and sink', 'Kafka'],
    rows,
  }
}

function scalingTable(results: readonly Measurement[], checks: readonly SamplesCheck[]): TableData {
  const rows = results.flatMap((result) => {
    if (result.measurement !== 'scaling') return []
    const { axis, value, stateStore, samples, wallMs, rate, stateRows } = result
    const { driverCpuMs, batches, checkpointBytes, checkpointFiles } = result
    const name = `${axis === 'series' ? `series (${stateStore})` : axis}: ${formatCount(value)}`
    const time = `${(wallMs / 1_000).toFixed(1)} s`
    const cpu = `${(driverCpuMs / 1_000 / (samples / 1_000_000)).toFixed(2)} s`
    const checkpoint = `${formatKilobytes(checkpointBytes / batches)}, ${Math.round(checkpointFiles / batches)} files`
    return [[name, formatCount(samples), time, perSecond(rate), cpu, formatCount(stateRows), checkpoint]]
  })
  return {
    title: 'Scaling (time of the whole query; rate without its start-up)',
    head: ['', 'samples', 'time', 'rate', 'driver CPU / M samples', 'state rows', 'checkpoint / batch'],
    rows: [...rows, ...checks.map(checkRow)],
  }
}

function checkRow({ fromSamples, toSamples, samplesFactor, timeFactor, holds }: SamplesCheck): string[] {
  const name = `${formatCount(fromSamples)} to ${formatCount(toSamples)} samples`
  return [
    name,
    `x ${samplesFactor}`,
    `x ${timeFactor.toFixed(1)}`,
    holds ? 'at most linear' : 'more than linear',
    '',
    '',
    '',
  ]
}

function latencies(results: readonly Measurement[]): LatencyResult[] {
  return results.filter((result) => result.measurement === 'latency')
}

function rateOf(results: readonly Measurement[]): string {
  const [one] = latencies(results)
  return one ? ` at ${one.rate.toLocaleString('en')} samples/s for ${one.seconds} s` : ''
}

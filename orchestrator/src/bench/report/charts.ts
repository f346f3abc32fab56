import { percentile } from '../../statistics.ts'
import { formatCount } from '../../terminal/units.ts'
import type { Axis, LatencyResult, Measurement } from '../measure/results.ts'

/** A chart with its Chart.js configuration, which is plain data without functions. */
export interface Chart {
  readonly title: string
  readonly config: object
}

// The palette of Okabe and Ito, whose colours are distinguishable with any colour vision.
const BLUE = '#0072b2'
const ORANGE = '#e69f00'
const GREEN = '#009e73'
const VERMILION = '#d55e00'
const PURPLE = '#cc79a7'
const COLORS = [BLUE, ORANGE, GREEN, VERMILION, PURPLE]

const TRIGGER_COLOR = { 'micro-batch': BLUE, 'real-time': VERMILION } as const

/** Makes the charts for what was measured. */
export function resultCharts(results: readonly Measurement[]): Chart[] {
  const latencies = results.filter((result) => result.measurement === 'latency')
  return [
    ...throughputChart(results),
    ...(latencies.length > 0 ? [percentileChart(latencies), overTimeChart(latencies)] : []),
    ...splitChart(latencies),
    ...scalingCharts(results),
  ]
}

function throughputChart(results: readonly Measurement[]): Chart[] {
  const throughputs = results.filter((result) => result.measurement === 'throughput')
  if (throughputs.length === 0) return []
  const labels = throughputs.map(({ samplesPerRecord }) => `${samplesPerRecord} per record`)
  const datasets = [
    { label: 'job', data: throughputs.map(({ jobRate }) => jobRate), backgroundColor: BLUE },
    { label: 'bare read (noop)', data: throughputs.map(({ noopRate }) => noopRate), backgroundColor: ORANGE },
  ]
  const y = axis('samples/s', { beginAtZero: true })
  return [
    { title: 'Throughput', config: { type: 'bar', data: { labels, datasets }, options: options({ y }) } },
  ]
}

const CURVE = [1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 92, 94, 95, 96, 97, 98, 99, 99.5, 100]
/** A logarithmic scale has no zero. */
const FLOOR_MS = 0.5

function percentileChart(latencies: readonly LatencyResult[]): Chart {
  const datasets = latencies.flatMap(({ trigger, points }) =>
    (['final', 'first'] as const).map((value) => {
      const values = points.map((point) => (value === 'final' ? point.finalMs : point.firstMs))
      return {
        label: `${trigger}, ${value} value`,
        data: CURVE.map((percent) => Math.max(percentile(values, percent), FLOOR_MS)),
        ...line(TRIGGER_COLOR[trigger]),
        ...(value === 'first' ? { borderDash: [5, 4] } : {}),
      }
    }),
  )
  const scales = { x: axis('percentile'), y: axis('ms after the end of the window', { type: 'logarithmic' }) }
  const labels = CURVE.map((percent) => (percent === 100 ? 'max' : String(percent)))
  return {
    title: 'Latency by percentile',
    config: { type: 'line', data: { labels, datasets }, options: lineOptions(scales) },
  }
}

function overTimeChart(latencies: readonly LatencyResult[]): Chart {
  const datasets = latencies.map(({ trigger, points }) => ({
    label: `${trigger}, final value`,
    data: points.map(({ atS, finalMs }) => ({ x: atS, y: Math.max(finalMs, FLOOR_MS) })),
    ...line(TRIGGER_COLOR[trigger]),
    pointRadius: 1.5,
    borderWidth: 1,
  }))
  const scales = {
    x: axis('seconds', { type: 'linear' }),
    y: axis('ms after the end of the window', { type: 'logarithmic' }),
  }
  return {
    title: 'Latency over time',
    config: { type: 'line', data: { datasets }, options: lineOptions(scales) },
  }
}

const PARTS = [
  ['trigger', 'trigger wait'],
  ['planning', 'planning'],
  ['state', 'state'],
  ['sourceAndSink', 'source and sink'],
  ['kafka', 'Kafka'],
] as const

function splitChart(latencies: readonly LatencyResult[]): Chart[] {
  const splits = latencies.flatMap(({ trigger, split }) => (split ? [{ trigger, split }] : []))
  if (splits.length === 0) return []
  const datasets = PARTS.map(([part, label], index) => ({
    label,
    data: splits.map(({ split }) => split[part]),
    backgroundColor: COLORS[index],
  }))
  const scales = { x: axis('ms (medians)', { stacked: true }), y: { stacked: true } }
  const config = {
    type: 'bar',
    data: { labels: splits.map(({ trigger }) => trigger), datasets },
    options: { ...options(scales), indexAxis: 'y', aspectRatio: 4 },
  }
  return [{ title: 'Breakdown of the final value’s latency', config }]
}

const AXES: Readonly<
  Record<Axis, { readonly title: string; readonly unit: string; readonly linear: boolean }>
> = {
  samples: { title: 'Time over samples', unit: 'samples', linear: true },
  partitions: { title: 'Rate over partitions of the topic', unit: 'partitions', linear: false },
  cores: { title: 'Rate over cores', unit: 'cores', linear: false },
  series: { title: 'Rate over series', unit: 'series', linear: false },
}

function scalingCharts(results: readonly Measurement[]): Chart[] {
  const scalings = results.filter((result) => result.measurement === 'scaling')
  return (Object.keys(AXES) as Axis[]).flatMap((name) => {
    const points = scalings.filter((result) => result.axis === name)
    if (points.length === 0) return []
    const { title, unit, linear } = AXES[name]
    const stores = [...new Set(points.map(({ stateStore }) => stateStore))]
    const datasets = stores.map((store, index) => ({
      label: name === 'samples' ? 'whole query' : name === 'series' ? `state in ${store}` : 'job',
      data: points
        .filter(({ stateStore }) => stateStore === store)
        .map(({ value, wallMs, rate }) => ({
          x: linear ? value : formatCount(value),
          y: name === 'samples' ? wallMs / 1_000 : rate,
        })),
      ...line(COLORS[index] ?? BLUE),
    }))
    const scales = {
      x: axis(unit, linear ? { type: 'linear', beginAtZero: true } : { type: 'category', offset: true }),
      y: axis(name === 'samples' ? 'seconds' : 'samples/s', { beginAtZero: true }),
    }
    return [{ title, config: { type: 'line', data: { datasets }, options: lineOptions(scales) } }]
  })
}

const line = (color: string) => ({
  borderColor: color,
  backgroundColor: color,
  pointRadius: 3,
  borderWidth: 2,
})

const axis = (text: string, more: object = {}) => ({ title: { display: true, text }, ...more })

const options = (scales: object) => ({ animation: false, responsive: true, scales })

/** With a legend that shows lines, dashed or not, instead of boxes. */
const lineOptions = (scales: object) => ({
  ...options(scales),
  plugins: { legend: { labels: { boxHeight: 0, boxWidth: 30 } } },
})

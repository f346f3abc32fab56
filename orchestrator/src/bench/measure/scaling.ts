import type { StateStore } from '../../config/config.ts'
import { formatCount } from '../../terminal/units.ts'
import type { DriverOptions } from '../driver/workspace.ts'
import { type BenchTools, loadTopic, readTopic, type TopicLoadOptions } from './load-and-read.ts'
import type { Axis, ScalingResult } from './results.ts'
import type { BenchSizes } from './sizes.ts'

type Sizes = BenchSizes['scaling']
type Place = Omit<BenchTools, 'session'>
type OnResult = (result: ScalingResult) => void

const MAX_WARM_UPS = 3

interface Point {
  readonly axis: Axis
  readonly value: number
  readonly title: string
  readonly samples: number
  readonly partitions?: number
  readonly series?: TopicLoadOptions['series']
  readonly stateStore?: StateStore
  /** The first point of its driver: the driver is warmed up before it is measured. */
  readonly isFirst?: boolean
}

/** Measures how the cost grows with samples and partitions of the topic. */
export async function sharedDriverScaling(
  tools: BenchTools,
  sizes: Sizes,
  onResult: OnResult,
): Promise<void> {
  await overSamples(tools, sizes, onResult)
  await overPartitions(tools, sizes, onResult)
}

/**
 * Measures how the cost grows with cores and series, with new drivers one after the other. No other may run meanwhile: a
 * cluster may have cores for one only.
 */
export async function ownDriverScaling(place: Place, sizes: Sizes, onResult: OnResult): Promise<void> {
  await overCores(place, sizes, onResult)
  await overSeries(place, sizes, onResult)
}

async function overSamples(tools: BenchTools, sizes: Sizes, onResult: OnResult): Promise<void> {
  // The largest first: it warms up the driver in the fewest reads.
  const results: ScalingResult[] = []
  for (const samples of sizes.sampleCounts.toReversed()) {
    const title = `${formatCount(samples)} samples`
    const point = { axis: 'samples', value: samples, title, samples } as const
    results.unshift(await measurePoint(tools, sizes, { ...point, isFirst: results.length === 0 }))
  }
  results.forEach(onResult)
}

async function overPartitions(tools: BenchTools, sizes: Sizes, onResult: OnResult): Promise<void> {
  const { samples } = sizes
  for (const partitions of sizes.partitions) {
    const title = `${partitions} partition${partitions === 1 ? '' : 's'}`
    const point = { axis: 'partitions', value: partitions, title, samples, partitions } as const
    onResult(await measurePoint(tools, sizes, point))
  }
}

/** Each number of cores gets a new driver, with as many state partitions and topic partitions. */
async function overCores(place: Place, sizes: Sizes, onResult: OnResult): Promise<void> {
  const { samples } = sizes
  for (const cores of sizes.cores) {
    const title = `${cores} core${cores === 1 ? '' : 's'}`
    const point = { axis: 'cores', value: cores, title, samples, partitions: cores, isFirst: true } as const
    await withNewDriver(place, { cores }, async (own) => onResult(await measurePoint(own, sizes, point)))
  }
}

async function overSeries(place: Place, sizes: Sizes, onResult: OnResult): Promise<void> {
  for (const [stateStore, counts] of Object.entries(sizes.series) as [StateStore, readonly number[]][])
    await withNewDriver(place, { stateStore }, async (tools) => {
      for (const [index, count] of counts.entries()) {
        const title = `${formatCount(count)} series, state in ${stateStore}`
        const series = { count, intervalMs: sizes.seriesIntervalMs }
        const point = { axis: 'series', value: count, title, samples: sizes.seriesSamples, series } as const
        onResult(await measurePoint(tools, sizes, { ...point, stateStore, isFirst: index === 0 }))
      }
    })
}

function withNewDriver(
  { workspace, output }: Place,
  options: DriverOptions,
  work: (tools: BenchTools) => Promise<void>,
): Promise<void> {
  return workspace.withSession(options, (session) => work({ workspace, session, output }))
}

async function measurePoint(tools: BenchTools, sizes: Sizes, point: Point): Promise<ScalingResult> {
  const { axis, value, title, samples, partitions = 1, series, stateStore = 'memory' } = point
  const topic = await loadTopic(tools, { samples, perRecord: 1, partitions, ...(series ? { series } : {}) })
  const options = {
    what: 'job',
    topic,
    outputTopic: await tools.workspace.createTopic('out'),
    samples,
    batchRecords: sizes.batchRecords,
    partitions,
    groupBy: series === undefined ? 'none' : 'key',
  } as const
  const warmUps = point.isFirst ? Math.min(MAX_WARM_UPS, Math.ceil(sizes.warmUpSamples / samples)) : 0
  for (let nth = 1; nth <= warmUps; nth += 1)
    await readTopic(tools, { ...options, name: `${title}, warm-up ${nth} of ${warmUps}` })
  const read = await readTopic(tools, { ...options, name: title })
  await tools.workspace.removeTopic(topic)
  return {
    measurement: 'scaling',
    axis,
    value,
    stateStore,
    samples,
    wallMs: read.wall_ms,
    rate: read.rate,
    stateRows: read.state_rows,
    driverCpuMs: read.cpu_ms,
    batches: read.batches,
    checkpointBytes: read.checkpoint_bytes,
    checkpointFiles: read.checkpoint_files,
  }
}

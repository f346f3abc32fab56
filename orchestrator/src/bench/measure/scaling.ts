import type { StateStore } from '../../config/config.ts'
import { formatCount } from '../../terminal/units.ts'
import type { BenchSession } from '../driver/session.ts'
import type { DriverNeeds } from '../driver/workspace.ts'
import type { Axis, ScalingResult } from './results.ts'
import type { BenchSizes } from './sizes.ts'
import { type LoadOptions, loadTopic, readTopic, type Tools } from './throughput.ts'

type Sizes = BenchSizes['scaling']
type Found = (result: ScalingResult) => void

const MAX_WARM_UPS = 3

interface Point {
  readonly axis: Axis
  readonly value: number
  readonly title: string
  readonly samples: number
  readonly partitions?: number
  readonly series?: LoadOptions['series']
  readonly stateStore?: StateStore
  /** The first of its driver, which is to be warm when it counts. */
  readonly isFirst?: boolean
}

/** How the cost grows with the rows, the partitions of the topic, the cores and the series. */
export async function scalingSection(tools: Tools, sizes: Sizes, found: Found): Promise<void> {
  await overRows(tools, sizes, found)
  await overPartitions(tools, sizes, found)
  await overCores(tools, sizes, found)
  await overSeries(tools, sizes, found)
}

async function overRows(tools: Tools, sizes: Sizes, found: Found): Promise<void> {
  // The most rows first: they warm the driver up in the fewest reads.
  const results: ScalingResult[] = []
  for (const rows of sizes.rows.toReversed()) {
    const point = { axis: 'rows', value: rows, title: `${formatCount(rows)} rows`, samples: rows } as const
    results.unshift(await measure(tools, sizes, { ...point, isFirst: results.length === 0 }))
  }
  results.forEach(found)
}

async function overPartitions(tools: Tools, sizes: Sizes, found: Found): Promise<void> {
  const { samples } = sizes
  for (const partitions of sizes.partitions) {
    const title = `${partitions} partition${partitions === 1 ? '' : 's'}`
    found(await measure(tools, sizes, { axis: 'partitions', value: partitions, title, samples, partitions }))
  }
}

/** Each count of cores with a driver, state partitions and topic partitions of as many. */
async function overCores(tools: Tools, sizes: Sizes, found: Found): Promise<void> {
  const { samples } = sizes
  for (const cores of sizes.cores) {
    const title = `${cores} core${cores === 1 ? '' : 's'}`
    const point = { axis: 'cores', value: cores, title, samples, partitions: cores, isFirst: true } as const
    await onDriver(tools, { cores }, async (own) => found(await measure(own, sizes, point)))
  }
}

async function overSeries(tools: Tools, sizes: Sizes, found: Found): Promise<void> {
  const samples = sizes.seriesSamples
  const all = async (own: Tools, stateStore: StateStore) => {
    for (const [index, count] of sizes.series.entries()) {
      const title = `${formatCount(count)} series, state in ${stateStore}`
      const series = { count, intervalMs: sizes.seriesIntervalMs }
      const point = { axis: 'series', value: count, title, samples, series, stateStore } as const
      found(await measure(own, sizes, { ...point, isFirst: index === 0 }))
    }
  }
  for (const stateStore of sizes.stores)
    if (stateStore === 'memory') await all(tools, stateStore)
    else await onDriver(tools, { stateStore }, (own) => all(own, stateStore))
}

function onDriver(tools: Tools, needs: DriverNeeds, work: (own: Tools) => Promise<void>): Promise<void> {
  return tools.workspace.withSession(needs, (session: BenchSession) => work({ ...tools, session }))
}

async function measure(tools: Tools, sizes: Sizes, point: Point): Promise<ScalingResult> {
  const {
    axis,
    value,
    title,
    samples,
    partitions = 1,
    series,
    stateStore = 'memory',
    isFirst = false,
  } = point
  const topic = await loadTopic(tools, { samples, perRecord: 1, partitions, ...(series ? { series } : {}) })
  const read = {
    what: 'job',
    topic,
    output: await tools.workspace.topic('out'),
    samples,
    batchRecords: sizes.batchRecords,
    partitions,
    groupBy: series === undefined ? 'none' : 'key',
  } as const
  const warmUps = isFirst ? Math.min(MAX_WARM_UPS, Math.ceil(sizes.warmUpSamples / samples)) : 0
  for (let nth = 1; nth <= warmUps; nth += 1)
    await readTopic(tools, { ...read, name: `${title}, warm-up ${nth} of ${warmUps}` })
  const result = await readTopic(tools, { ...read, name: title })
  await tools.workspace.removeTopic(topic)
  return {
    measurement: 'scaling',
    axis,
    value,
    stateStore,
    samples,
    wallMs: result.wall_ms,
    rate: result.rate,
    stateRows: result.state_rows,
  }
}

import type { StateStore } from '../config/config.ts'
import type { Axis, ScalingResult } from './results.ts'
import type { BenchSession } from './session.ts'
import type { BenchSizes } from './sizes.ts'
import { loadTopic, readTopic, type Tools } from './throughput.ts'
import { formatCount } from './units.ts'
import type { DriverNeeds } from './workspace.ts'

type Sizes = BenchSizes['scaling']
type Found = (result: ScalingResult) => void

interface Point {
  readonly axis: Axis
  readonly value: number
  readonly title: string
  readonly samples: number
  readonly partitions?: number
  readonly series?: number
  readonly stateStore?: StateStore
  /** Reads it twice, and counts the second time. */
  readonly warmUp?: boolean
}

/** How the cost grows with the rows, the partitions of the topic, the cores and the series. */
export async function scalingSection(tools: Tools, sizes: Sizes, found: Found): Promise<void> {
  await overRows(tools, sizes, found)
  await overPartitions(tools, sizes, found)
  await overCores(tools, sizes, found)
  await overSeries(tools, sizes, found)
}

async function overRows(tools: Tools, sizes: Sizes, found: Found): Promise<void> {
  for (const [index, rows] of sizes.rows.entries()) {
    const point = { axis: 'rows', value: rows, title: `${formatCount(rows)} rows`, samples: rows } as const
    found(await measure(tools, sizes, { ...point, warmUp: index === 0 }))
  }
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
    const point = { axis: 'cores', value: cores, title, samples, partitions: cores, warmUp: true } as const
    await onDriver(tools, { cores }, async (own) => found(await measure(own, sizes, point)))
  }
}

async function overSeries(tools: Tools, sizes: Sizes, found: Found): Promise<void> {
  const samples = sizes.seriesSamples
  const all = async (own: Tools, stateStore: StateStore) => {
    for (const [index, series] of sizes.series.entries()) {
      const title = `${formatCount(series)} series, state in ${stateStore}`
      const point = { axis: 'series', value: series, title, samples, series, stateStore } as const
      found(await measure(own, sizes, { ...point, warmUp: index === 0 }))
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
  const { axis, value, title, samples, partitions = 1, series, stateStore = 'memory', warmUp } = point
  const topic = await loadTopic(tools, { samples, perRecord: 1, partitions, series: series ?? 1 })
  const read = {
    what: 'job',
    topic,
    output: await tools.workspace.topic('out'),
    samples,
    batchRecords: sizes.batchRecords,
    partitions,
    groupBy: series === undefined ? 'none' : 'key',
  } as const
  // A driver's first query is slow, whatever it reads.
  if (warmUp) await readTopic(tools, { ...read, name: `${title}, warm-up` })
  const { wall_ms: wallMs, rate } = await readTopic(tools, { ...read, name: title })
  await tools.workspace.removeTopic(topic)
  return { measurement: 'scaling', axis, value, stateStore, samples, wallMs, rate }
}

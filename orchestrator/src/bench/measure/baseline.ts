import { HOURS_OF_WEEK, type Normal } from '../../baseline/baseline.ts'
import { writeBaseline } from '../../baseline/file.ts'
import { median } from '../../statistics.ts'
import type { Output } from '../../terminal/output.ts'
import type { BenchSession } from '../driver/session.ts'
import type { Workspace } from '../driver/workspace.ts'
import { loadTopic, readTopic } from './load-and-read.ts'
import type { BaselineResult } from './results.ts'
import { ratesInTurn } from './rounds.ts'
import type { BenchSizes } from './sizes.ts'

type Sizes = BenchSizes['baseline']

interface Variant {
  readonly name: string
  /** Of each series; null stands for all hours. */
  readonly hours: readonly (number | null)[]
}

const VARIANTS: readonly Variant[] = [
  { name: 'none', hours: [] },
  { name: 'one normal each', hours: [null] },
  { name: 'one normal each per hour of the week', hours: [...Array(HOURS_OF_WEEK).keys()] },
]
const GROUPED = { stateStore: 'rocksdb' } as const

/** Reads the same samples without a baseline and with each of two, in turn. */
export async function baselineSection(
  workspace: Workspace,
  output: Output,
  sizes: Sizes,
  onResult: (result: BaselineResult) => void,
): Promise<void> {
  const { series, samples } = sizes
  // Each has a driver of its own, as a job has: the memory that one baseline takes does not slow down the next variant.
  const rates = await workspace.withSessions(GROUPED, VARIANTS.length, (sessions) =>
    measureAll(workspace, output, sizes, sessions),
  )
  const without = median(rates[0] ?? [])
  for (const [at, { name, hours }] of VARIANTS.entries()) {
    const measured = rates[at] ?? []
    const rate = median(measured)
    const normals = series * hours.length
    const share = rate / without
    onResult({ measurement: 'baseline', name, normals, series, samples, rates: measured, rate, share })
  }
}

/** The rates of each variant. */
async function measureAll(
  workspace: Workspace,
  output: Output,
  sizes: Sizes,
  sessions: readonly BenchSession[],
): Promise<number[][]> {
  const { series, samples, intervalMs, rounds, batchRecords } = sizes
  const drivers = await Promise.all(
    sessions.map(async (session, at) => {
      const variant = VARIANTS[at] as Variant
      const baselineFile = await fileOf(variant, workspace, sizes)
      return { name: variant.name, baselineFile, tools: { workspace, session, output } }
    }),
  )
  const [first] = drivers as [(typeof drivers)[number]]
  const load = { samples, perRecord: 1, series: { count: series, intervalMs } }
  const topic = await loadTopic(first.tools, load)
  const outputTopic = await workspace.createTopic('out')
  const common = { what: 'job', topic, outputTopic, samples, batchRecords, groupBy: 'key' } as const
  const rates = await ratesInTurn(drivers, rounds, async ({ name, baselineFile, tools }, which) => {
    const options = { ...common, name: `Baseline: ${name}, ${which}`, baselineFile }
    return (await readTopic(tools, options)).rate
  })
  await workspace.removeTopic(topic)
  return [...rates.values()]
}

/** Writes normals with as many decimals as those of `calibrate`, no two series with the same ones. */
async function fileOf({ name, hours }: Variant, workspace: Workspace, { series }: Sizes) {
  if (hours.length === 0) return undefined
  const normals = Array.from({ length: series }, (_, nth) =>
    hours.map(
      (hourOfWeek): Normal => ({
        series: `host-${nth}`,
        hourOfWeek,
        mean: (140_000 + nth + 7 * (hourOfWeek ?? 0)) / 10_000,
        stddev: (26_000 + nth + (hourOfWeek ?? 0)) / 10_000,
      }),
    ),
  ).flat()
  const path = workspace.path(`${name.replaceAll(' ', '-')}.csv`)
  await writeBaseline(path, { timezone: 'UTC', normals })
  return path
}

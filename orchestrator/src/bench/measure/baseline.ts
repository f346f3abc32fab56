import { HOURS_OF_WEEK, type Normal } from '../../baseline/baseline.ts'
import { writeBaseline } from '../../baseline/file.ts'
import { median } from '../../statistics.ts'
import type { Output } from '../../terminal/output.ts'
import type { BenchSession } from '../driver/session.ts'
import type { Workspace } from '../driver/workspace.ts'
import { loadTopic, readTopic } from './load-and-read.ts'
import type { BaselineResult } from './results.ts'
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

interface Measured extends Variant {
  /** Its own, as of a job: the memory that one baseline takes does not slow down the next variant. */
  readonly session: BenchSession
  readonly file: string | undefined
  readonly rates: number[]
}

/** Reads the same samples without a baseline and with each of two, in turn, so that all see the same machine. */
export function baselineSection(
  workspace: Workspace,
  output: Output,
  sizes: Sizes,
  onResult: (result: BaselineResult) => void,
): Promise<void> {
  return workspace.withSessions(GROUPED, VARIANTS.length, async (sessions) => {
    const measured: Measured[] = []
    for (const [at, session] of sessions.entries()) {
      const variant = VARIANTS[at] as Variant
      measured.push({ ...variant, session, file: await fileOf(variant, workspace, sizes), rates: [] })
    }
    await measureAll(workspace, output, sizes, measured)
    const without = median(measured[0]?.rates ?? [])
    for (const { name, hours, rates } of measured) {
      const rate = median(rates)
      const { series, samples } = sizes
      const normals = series * hours.length
      onResult({
        measurement: 'baseline',
        name,
        normals,
        series,
        samples,
        rates,
        rate,
        share: rate / without,
      })
    }
  })
}

async function measureAll(
  workspace: Workspace,
  output: Output,
  { series, samples, intervalMs, rounds, batchRecords }: Sizes,
  variants: readonly Measured[],
): Promise<void> {
  const tools = (session: BenchSession) => ({ workspace, session, output })
  const [first] = variants as readonly [Measured, ...Measured[]]
  const load = { samples, perRecord: 1, series: { count: series, intervalMs } }
  const topic = await loadTopic(tools(first.session), load)
  const outputTopic = await workspace.createTopic('out')
  for (let round = 0; round <= rounds; round += 1)
    for (const { name, session, file, rates } of variants) {
      const which = round === 0 ? 'warm-up' : `round ${round} of ${rounds}`
      const read = await readTopic(tools(session), {
        name: `Baseline: ${name}, ${which}`,
        what: 'job',
        topic,
        outputTopic,
        samples,
        batchRecords,
        groupBy: 'key',
        baselineFile: file,
      })
      if (round > 0) rates.push(read.rate)
    }
  await workspace.removeTopic(topic)
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

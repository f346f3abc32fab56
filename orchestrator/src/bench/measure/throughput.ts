import { median } from '../../statistics.ts'
import { formatCount } from '../../terminal/units.ts'
import type { Workload } from '../driver/protocol.ts'
import { type BenchTools, loadTopic, readTopic } from './load-and-read.ts'
import type { BacklogResult, ThroughputResult } from './results.ts'
import { ratesInTurn } from './rounds.ts'
import type { BenchSizes, ThroughputLoad } from './sizes.ts'

export async function throughputSection(
  tools: BenchTools,
  { loads, rounds, backlog }: BenchSizes['throughput'],
  onResult: (result: ThroughputResult | BacklogResult) => void,
): Promise<void> {
  for (const load of loads) onResult(await measureThroughput(tools, load, rounds))
  if (backlog !== undefined) onResult(await measureBacklog(tools, backlog))
}

/** Runs the job and a bare read of the same topic in turn. */
async function measureThroughput(
  tools: BenchTools,
  load: ThroughputLoad,
  rounds: number,
): Promise<ThroughputResult> {
  const { samples, perRecord, batchRecords } = load
  const topic = await loadTopic(tools, load)
  const outputTopic = await tools.workspace.createTopic('out')
  let durations: Record<string, number> = {}
  const measured = await ratesInTurn<Workload>(['job', 'noop'], rounds, async (what, which) => {
    const name = `${what === 'job' ? 'The job' : 'A bare read'}, ${perRecord} per record, ${which}`
    const read = await readTopic(tools, { name, what, topic, outputTopic, samples, batchRecords })
    if (what === 'job') durations = read.durations
    return read.rate
  })
  const rates = { job: measured.get('job') ?? [], noop: measured.get('noop') ?? [] }
  await tools.workspace.removeTopic(topic)
  const [jobRate, noopRate] = [median(rates.job), median(rates.noop)]
  return {
    measurement: 'throughput',
    samplesPerRecord: perRecord,
    samples,
    rates,
    jobRate,
    noopRate,
    ratio: jobRate / noopRate,
    durations,
  }
}

/** Drains a backlog with a new driver, as after an outage, and measures the time and the memory that it takes. */
async function measureBacklog(tools: BenchTools, samples: number): Promise<BacklogResult> {
  const topic = await loadTopic(tools, { samples, perRecord: 1 })
  const name = `Draining a backlog of ${formatCount(samples)} with a new driver`
  const outputTopic = await tools.workspace.createTopic('out')
  const options = { name, what: 'job', topic, outputTopic, samples, batchRecords: undefined } as const
  const read = await tools.workspace.withSession({}, (session) => readTopic({ ...tools, session }, options))
  await tools.workspace.removeTopic(topic)
  return {
    measurement: 'backlog',
    samples,
    wallMs: read.wall_ms,
    rate: (samples / read.wall_ms) * 1_000,
    peakRssBytes: read.peak_rss_bytes,
  }
}

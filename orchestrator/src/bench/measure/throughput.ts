import { median } from '../../statistics.ts'
import type { Output } from '../../terminal/output.ts'
import { formatCount, formatRate } from '../../terminal/units.ts'
import type { ReplyTo, Work } from '../driver/protocol.ts'
import type { BenchSession } from '../driver/session.ts'
import type { Workspace } from '../driver/workspace.ts'
import type { BacklogResult, ThroughputResult } from './results.ts'
import type { BenchSizes, Load } from './sizes.ts'

const DEADLINE_MS = 600_000

/** What is read in one measurement. */
export interface ReadOptions {
  readonly name: string
  readonly what: Work
  readonly topic: string
  readonly output: string
  readonly samples: number
  /** Records of a micro-batch at most; undefined: the folder's setting. */
  readonly batchRecords: number | undefined
  readonly partitions?: number
  readonly groupBy?: 'none' | 'key'
}

export interface LoadOptions {
  readonly samples: number
  readonly perRecord: number
  readonly partitions?: number
  /** Where there are several series: how many, and the event time from one sample of a series to its next. */
  readonly series?: { readonly count: number; readonly intervalMs: number }
}

const ONE_SERIES = { count: 1, intervalMs: 1 }

/** A new topic with so many samples, the newest a minute old. */
export async function loadTopic(
  { workspace, session, output }: Tools,
  { samples, perRecord, partitions = 1, series = ONE_SERIES }: LoadOptions,
): Promise<string> {
  const topic = await workspace.topic('in', partitions)
  const title = `Loading ${formatCount(samples)} samples, ${perRecord} a record`
  await output.step(title, async (step) => {
    step.update('the driver starts, or writes')
    const spanMs = Math.ceil(samples / series.count) * series.intervalMs
    const order = {
      do: 'load',
      topic,
      samples,
      per_record: perRecord,
      series: series.count,
      start_ms: Date.now() - spanMs - 60_000,
      interval_ms: series.intervalMs,
      settings: workspace.settings({ input_topic: topic }),
    } as const
    const { ms } = await session.ask(order, 'loaded', { timeoutMs: DEADLINE_MS })
    step.done(`Loaded ${formatCount(samples)} samples, ${perRecord} a record: ${formatRate(samples, ms)}`)
  })
  return topic
}

/** One query over a loaded topic, from its first sample to its last. */
export async function readTopic(
  { workspace, session, output }: Tools,
  {
    name,
    what,
    topic,
    output: outputTopic,
    samples,
    batchRecords,
    partitions = 1,
    groupBy = 'none',
  }: ReadOptions,
): Promise<ReplyTo<'throughput'> & { readonly rate: number }> {
  const settings = workspace.settings({
    input_topic: topic,
    output_topic: outputTopic,
    group_by: groupBy,
    // A batch reads further ahead in one partition than in another: none of its samples is to be late for that.
    ...(partitions > 1 ? { watermark_ms: 600_000 } : {}),
    trigger_interval_ms: 0, // a backlog: the next batch begins when the last one ended
    ...(batchRecords === undefined ? {} : { max_offsets_per_trigger: batchRecords }),
  })
  return output.step(name, async (step) => {
    let read = 0
    const startedAt = performance.now()
    const found = await session.ask({ do: 'throughput', name, what, samples, settings }, 'throughput', {
      timeoutMs: DEADLINE_MS,
      onBatch: (batch) => {
        if ('samples' in batch) read += batch.samples
        step.update(
          `${formatCount(read)} of ${formatCount(samples)} | ${formatRate(read, performance.now() - startedAt)}`,
        )
      },
    })
    const rate = found.rate ?? (found.samples / found.wall_ms) * 1_000
    step.done(`${name}: ${formatRate(rate, 1_000)}`)
    return { ...found, rate }
  })
}

export interface Tools {
  readonly workspace: Workspace
  readonly session: BenchSession
  readonly output: Output
}

/** The job and a bare read of the same topic in turn, so that both see the same machine. */
async function measureThroughput(tools: Tools, load: Load, rounds: number): Promise<ThroughputResult> {
  const { samples, perRecord, batchRecords } = load
  const topic = await loadTopic(tools, load)
  const output = await tools.workspace.topic('out')
  const rates: Record<Work, number[]> = { job: [], noop: [] }
  let durations: Record<string, number> = {}
  for (let round = 0; round <= rounds; round += 1)
    for (const what of ['job', 'noop'] as const) {
      const which = round === 0 ? 'warm-up' : `round ${round} of ${rounds}`
      const name = `${what === 'job' ? 'The job' : 'A bare read'}, ${perRecord} a record, ${which}`
      const found = await readTopic(tools, { name, what, topic, output, samples, batchRecords })
      if (round > 0) rates[what].push(found.rate)
      if (what === 'job') durations = found.durations
    }
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

/** A driver that does nothing else drains a backlog, as after an outage: what it takes of time and memory. */
async function measureBacklog(tools: Tools, samples: number): Promise<BacklogResult> {
  const topic = await loadTopic(tools, { samples, perRecord: 1 })
  const outputTopic = await tools.workspace.topic('out')
  const found = await tools.workspace.withSession({}, (session) =>
    readTopic(
      { ...tools, session },
      {
        name: `Draining a backlog of ${formatCount(samples)} with a new driver`,
        what: 'job',
        topic,
        output: outputTopic,
        samples,
        batchRecords: undefined,
      },
    ),
  )
  await tools.workspace.removeTopic(topic)
  return {
    measurement: 'backlog',
    samples,
    wallMs: found.wall_ms,
    rate: (samples / found.wall_ms) * 1_000,
    peakRssBytes: found.peak_rss_bytes,
  }
}

export async function throughputSection(
  tools: Tools,
  { loads, rounds, backlog }: BenchSizes['throughput'],
  found: (result: ThroughputResult | BacklogResult) => void,
): Promise<void> {
  for (const load of loads) found(await measureThroughput(tools, load, rounds))
  if (backlog !== undefined) found(await measureBacklog(tools, backlog))
}

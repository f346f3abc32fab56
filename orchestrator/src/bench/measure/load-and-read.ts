import type { Output } from '../../terminal/output.ts'
import { formatCount, formatRate } from '../../terminal/units.ts'
import type { ReplyTo, Workload } from '../driver/protocol.ts'
import type { BenchSession } from '../driver/session.ts'
import type { Workspace } from '../driver/workspace.ts'
import { type BenchFormat, inputSettings } from './format-settings.ts'

const REQUEST_TIMEOUT_MS = 600_000

/** What a measurement works with. */
export interface BenchTools {
  readonly workspace: Workspace
  readonly session: BenchSession
  readonly output: Output
}

export interface TopicLoadOptions {
  readonly samples: number
  readonly perRecord: number
  readonly partitions?: number
  /** For more than one series: their number, and the event time between two samples of a series. */
  readonly series?: { readonly count: number; readonly intervalMs: number }
  readonly format?: BenchFormat
}

const ONE_SERIES = { count: 1, intervalMs: 1 }

/** Creates a topic and loads samples into it, the newest of them a minute old; returns its name. */
export async function loadTopic(
  { workspace, session, output }: BenchTools,
  { samples, perRecord, partitions = 1, series = ONE_SERIES, format = 'csv' }: TopicLoadOptions,
): Promise<string> {
  const topic = await workspace.createTopic('in', partitions)
  const what = `${formatCount(samples)} samples, ${format === 'csv' ? '' : `${format}, `}${perRecord} per record`
  await output.step(`Loading ${what}`, async (step) => {
    step.update('starting the driver, then writing')
    const spanMs = Math.ceil(samples / series.count) * series.intervalMs
    const order = {
      do: 'load',
      topic,
      samples,
      per_record: perRecord,
      series: series.count,
      start_ms: Date.now() - spanMs - 60_000,
      interval_ms: series.intervalMs,
      format,
      settings: workspace.settings({ input_topic: topic }),
    } as const
    const { ms } = await session.request(order, 'loaded', { timeoutMs: REQUEST_TIMEOUT_MS })
    step.done(`Loaded ${what}: ${formatRate(samples, ms)}`)
  })
  return topic
}

export interface ReadOptions {
  readonly name: string
  readonly what: Workload
  readonly topic: string
  readonly outputTopic: string
  readonly samples: number
  /** Maximum records per micro-batch; undefined: the folder's setting. */
  readonly batchRecords: number | undefined
  readonly partitions?: number
  readonly groupBy?: 'none' | 'key'
  readonly format?: BenchFormat
  readonly baselineFile?: string | undefined
}

/** Runs one query over a loaded topic, from its first sample to its last; the rate is in samples/s. */
export async function readTopic(
  { workspace, session, output }: BenchTools,
  options: ReadOptions,
): Promise<ReplyTo<'throughput'> & { readonly rate: number }> {
  const { name, what, topic, outputTopic, samples, batchRecords } = options
  const { partitions = 1, groupBy = 'none', format = 'csv', baselineFile } = options
  const settings = workspace.settings({
    ...inputSettings(format),
    input_topic: topic,
    output_topic: outputTopic,
    group_by: groupBy,
    baseline_file: baselineFile ?? null,
    // A batch reads further ahead in one partition than in another, which must not make samples late.
    ...(partitions > 1 ? { watermark_ms: 600_000 } : {}),
    trigger_interval_ms: 0, // a backlog: the next batch begins when the last one has ended
    ...(batchRecords === undefined ? {} : { max_offsets_per_trigger: batchRecords }),
  })
  return output.step(name, async (step) => {
    let read = 0
    const startedAt = performance.now()
    const order = { do: 'throughput', name, what, samples, settings } as const
    const reply = await session.request(order, 'throughput', {
      timeoutMs: REQUEST_TIMEOUT_MS,
      onBatch: (batch) => {
        if ('samples' in batch) read += batch.samples
        step.update(
          `${formatCount(read)} of ${formatCount(samples)} | ${formatRate(read, performance.now() - startedAt)}`,
        )
      },
    })
    const rate = reply.rate ?? (reply.samples / reply.wall_ms) * 1_000
    step.done(`${name}: ${formatRate(rate, 1_000)}`)
    return { ...reply, rate }
  })
}

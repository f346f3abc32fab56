import { CliError } from '../errors.ts'
import { readLast } from '../kafka/read-range.ts'
import type { TopicRecord } from '../kafka/topic-reader.ts'
import { readStamping } from '../kafka/topic-settings.ts'
import { TOLERATED_MS } from '../produce/clock.ts'
import { newestTime } from '../produce/newest-time.ts'
import type { Circumstances } from '../produce/prospects.ts'
import { submittedFile } from '../query/submitted.ts'
import { jobWatermark, latenessMs } from '../query/watermark.ts'
import type { Selected } from '../runtime/runtime.ts'

/** What is known before an input is read. */
export type Given = Omit<Circumstances, 'name' | 'isComplete' | 'isSorted' | 'nowMs'>

export async function circumstancesOf(selected: Selected, signal: AbortSignal): Promise<Given> {
  const { detector, topics } = selected.config
  const last = await lastRecords(selected, signal)
  const clockBehindMs = await clockBehind(selected, last, signal)
  return {
    maxFutureSkewMs: await furthestAheadMs(selected),
    windowMs: detector.windowMs,
    cpuMin: detector.cpuMin,
    cpuMax: detector.cpuMax,
    toleranceMs: latenessMs(selected.config),
    deadLetterTopic: topics.deadLetter,
    clockBehindMs,
    job: await jobOf(selected, last, Date.now() + clockBehindMs, signal),
  }
}

/** How far ahead a sample may count: in real-time mode a batch lasts an interval, and the job judges by its start. */
async function furthestAheadMs({ config, runtime, storage }: Selected): Promise<number> {
  const query = await submittedFile(storage, runtime.name).read()
  const intervalMs = query?.trigger === 'real-time' ? query.checkpointIntervalMs : 0
  return config.detector.maxFutureSkewMs + intervalMs
}

/** None if there is no such topic: the sending says so. */
const lastRecords = ({ runtime, config }: Selected, signal: AbortSignal): Promise<TopicRecord[]> =>
  readLast(runtime.kafka, config.topics.input, 1, signal).catch((error: unknown) => {
    if (error instanceof CliError && error.code === 'NO_SUCH_TOPIC') return []
    throw error
  })

/** How far this machine's clock is behind the broker's at least: the broker has stamped records with later times. */
async function clockBehind(
  { runtime, config }: Selected,
  last: readonly TopicRecord[],
  signal: AbortSignal,
): Promise<number> {
  const behindMs = Math.max(...last.map(({ timestampMs }) => timestampMs), 0) - Date.now()
  if (behindMs <= TOLERATED_MS) return 0
  const stamping = await readStamping(runtime.kafka, config.topics.input, signal)
  return stamping?.isByBroker ? behindMs : 0
}

/** The job's watermark, and where the last sample of the topic will move it. */
async function jobOf(
  { runtime, config }: Selected,
  last: readonly TopicRecord[],
  nowMs: number,
  signal: AbortSignal,
): Promise<Given['job']> {
  const job = await jobWatermark(runtime, config, signal)
  if (!job) return undefined
  const newestMs = newestTime(last, nowMs + config.detector.maxFutureSkewMs)
  return { ...job, closingMs: Math.max(job.closingMs, newestMs - latenessMs(config)) }
}

import { CliError } from '../errors.ts'
import { readLast } from '../kafka/read-range.ts'
import type { TopicRecord } from '../kafka/topic-reader.ts'
import { readStamping } from '../kafka/topic-settings.ts'
import { TOLERATED_MS } from '../produce/clock.ts'
import { newestTime } from '../produce/newest-time.ts'
import type { Given } from '../produce/prospects.ts'
import { batchMs } from '../query/submitted.ts'
import { jobWatermark, latenessMs } from '../query/watermark.ts'
import type { Selected } from '../runtime/places.ts'
import { isOneClock } from '../stack/topic-checks.ts'

export async function circumstancesOf(selected: Selected, signal: AbortSignal): Promise<Given> {
  const { detector, topics, query } = selected.config
  const last = await lastRecords(selected, signal)
  const behindMs = await clockBehind(selected, last, signal)
  const hasOneClock = isOneClock(selected.runtime)
  const clockBehindMs = hasOneClock ? 0 : behindMs
  return {
    maxFutureSkewMs: detector.maxFutureSkewMs,
    windowMs: detector.windowMs,
    cpuMin: detector.cpuMin,
    cpuMax: detector.cpuMax,
    toleranceMs: latenessMs(selected.config),
    deadLetterTopic: topics.deadLetter,
    clockBehindMs,
    setBackMs: hasOneClock ? behindMs : 0,
    batchMs: await batchMs(selected),
    isReadAgain: query.startingOffsets === 'earliest',
    job: await jobOf(selected, last, Date.now() + clockBehindMs, signal),
  }
}

/** None if there is no such topic, which the sending says. */
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

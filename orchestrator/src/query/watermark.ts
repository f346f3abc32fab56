import type { Config } from '../config/config.ts'
import { CliError } from '../errors.ts'
import { isActive } from '../runtime/driver-state.ts'
import type { Runtime } from '../runtime/places.ts'
import type { CheckpointStore } from '../runtime/runtime.ts'
import { readLedger, readPlan } from './checkpoint-log.ts'
import { type DriverEvent, eventsOfCheckpoint, recentEvents } from './driver-log.ts'
import { readManifest } from './manifest.ts'

/** Which windows of the input topic get no more samples: those that start at or before it. Epoch milliseconds. */
export interface Watermark {
  /** For every batch that has not begun yet. */
  readonly closedMs: number
  /** For the batch after that, by what the job has read so far. */
  readonly closingMs: number
}

/** How far the start of a sample's window may be behind that of the newest window: see `windows.py`. */
export const latenessMs = ({ detector }: Config): number => detector.watermarkMs + detector.windowMs

/**
 * From the checkpoint, whether or not the job runs now; undefined if it has none, or one of another input topic.
 *
 * A batch leaves out what is late by the watermark of the batch before it, so the newest planned batch decides for every
 * record that is not read yet.
 */
export async function jobWatermark(
  runtime: Runtime,
  config: Config,
  signal: AbortSignal,
): Promise<Watermark | undefined> {
  const closedMs = await closedWindows(runtime, config)
  if (closedMs === undefined) return undefined
  const newest = newestWindow(
    eventsOfCheckpoint(await recentEvents(runtime, signal).catch((): DriverEvent[] => [])),
  )
  return { closedMs, closingMs: Math.max(closedMs, newest - latenessMs(config)) }
}

/** `Watermark.closedMs` alone; it takes a few small files. */
export async function closedWindows({ checkpoint }: Runtime, config: Config): Promise<number | undefined> {
  return (await isOf(checkpoint, config.topics.input)) ? newestWatermark(checkpoint) : undefined
}

/** Of the newest batch that is planned; undefined before the first one. The ledger may be some batches behind. */
async function newestWatermark(checkpoint: CheckpointStore): Promise<number | undefined> {
  let newest: number | undefined
  const { batch: accounted } = await readLedger(checkpoint)
  for (let batch = Math.max(accounted, 0); ; batch += 1) {
    const plan = await readPlan(checkpoint, batch)
    if (!plan) return newest
    newest = plan.watermarkMs
  }
}

/** Does a job read the input topic, or will it again without another `submit`? */
export async function isInputRead(runtime: Runtime, config: Config): Promise<boolean> {
  return isActive(await runtime.driver()) && (await isOf(runtime.checkpoint, config.topics.input))
}

/** Is this the checkpoint of a job that reads this topic? */
async function isOf(checkpoint: CheckpointStore, topic: string): Promise<boolean> {
  try {
    return (await readManifest(checkpoint))?.INPUT_TOPIC === topic
  } catch (error) {
    if (error instanceof CliError) return false // `submit` reports a manifest that cannot be read
    throw error
  }
}

/** The start of the newest window that the job has read, in epoch milliseconds; minus infinity if the log has none. */
function newestWindow(events: readonly DriverEvent[]): number {
  const starts = events
    .filter(({ name }) => name === 'progress')
    .map(({ fields }) => Date.parse(fields.newest_window ?? ''))
  return starts.filter(Number.isFinite).reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
}

import type { Config } from '../config/config.ts'
import { unusedSettings } from '../config/unused-settings.ts'
import { CliError } from '../errors.ts'
import { planQuery, type QueryPlan } from '../job/query-plan.ts'
import { countPartitions, readClusterId } from '../kafka/metadata.ts'
import { ensureTopics, formatTopicReport } from '../kafka/topics.ts'
import { checkpointInUse, isActive } from '../runtime/driver-state.ts'
import type { Runtime, Selected } from '../runtime/places.ts'
import type { CheckpointStore } from '../runtime/runtime.ts'
import { replaceFile, type Undo } from '../system/state-file.ts'
import type { Output } from '../terminal/output.ts'
import { backlogRemarks } from './backlog-remarks.ts'
import { requireNoOtherDriver } from './driver-lease.ts'
import { recentEvents } from './driver-log.ts'
import { requireReplaceable } from './earlier-results.ts'
import { withFormat } from './input-format.ts'
import {
  asBegun,
  hasManifest,
  type Manifest,
  manifestOf,
  readManifest,
  requireSameManifest,
  writeManifest,
} from './manifest.ts'
import { prepareSubmission } from './prepare.ts'
import { awaitReady } from './ready.ts'
import { rememberedSettings, rememberSettings, resultSettings, widest } from './result-settings.ts'
import { submittedFile, submittedQuery } from './submitted.ts'
import { countUnread } from './unread.ts'

export interface SubmitOptions {
  readonly newCheckpoint: boolean
  readonly timeoutMs: number
}

/**
 * How the query will run on this runtime; on an old checkpoint, what the settings leave open is as it was begun.
 * @throws CliError CONFIGURATION when TRIGGER=real-time, but real-time mode is not possible.
 */
export async function planFor(
  config: Config,
  runtime: Runtime,
  signal: AbortSignal,
  isNewCheckpoint = false,
): Promise<QueryPlan> {
  const { input, inputPartitions } = config.topics
  // Without a broker of this folder, another folder's may answer at its address.
  const isUp = (await runtime.clusterId().catch(() => undefined)) !== undefined
  const partitions = isUp ? await countPartitions(runtime.kafka, input, signal) : undefined
  const begun = isUp && !isNewCheckpoint ? await readManifest(runtime.checkpoint) : undefined
  const plan = planQuery(asBegun(config, begun), runtime.job, partitions ?? inputPartitions)
  const isFollowed = config.query.trigger === 'auto' && begun?.TRIGGER !== undefined
  return isFollowed ? { ...plan, reason: 'TRIGGER=auto: the mode of this checkpoint' } : plan
}

/** The query's trigger and the reason for it, in one line. */
export const triggerLine = ({ trigger, reason }: QueryPlan): string => `Trigger: ${trigger} (${reason})`

/**
 * Checks everything that can be checked before Spark starts, then starts the driver under supervision. Returns once its
 * first micro-batch is committed (or, on an old checkpoint without new records, once its state was loaded); in real-time
 * mode, once its state was loaded and all its tasks run.
 */
export async function submitJob(
  { config: given, runtime, storage }: Omit<Selected, 'why'>,
  options: SubmitOptions,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const config = await withFormat(given, runtime, options.newCheckpoint, output.note, signal)
  const plan = await planFor(config, runtime, signal, options.newCheckpoint)
  output.note(triggerLine(plan))
  for (const line of unusedSettings(config, undefined, plan)) output.warn(line)
  const submission = await prepareSubmission(config, runtime, plan)
  for (const line of submission.remarks) output.note(line)
  await requireNoDriver(runtime)
  await output.step('Topics', async (step) => {
    step.done(`Topics: ${formatTopicReport(await ensureTopics(runtime.kafka, config, signal))}`)
  })
  const { isNew, undo } = await claimCheckpoint({ config, runtime, storage }, plan, options, output, signal)
  if (runtime.checkpoint.remark) output.warn(runtime.checkpoint.remark)
  if (isNew && config.query.startingOffsets === 'latest') await saySkipped(config, runtime, output, signal)
  const query = submittedQuery(config, plan)
  const undoQuery = await replaceFile(submittedFile(storage, runtime.name), query)
  await output.step('Job', async (step) => {
    step.update('starting the driver')
    try {
      await runtime.startDriver(submission, signal)
    } catch (error) {
      await Promise.all([undo(), undoQuery()]) // there is no job that these settings are of
      throw error
    }
    const ready = await awaitReady(runtime, query, {
      timeoutMs: options.timeoutMs,
      signal,
      update: step.update,
    })
    step.done(ready)
  })
  for (const line of backlogRemarks(await recentEvents(runtime, signal))) output.warn(line)
}

async function requireNoDriver(runtime: Runtime): Promise<void> {
  const driver = await runtime.driver()
  if (!isActive(driver)) return
  const { application, container, pod } = driver
  const who =
    application ??
    container ??
    pod ??
    (driver.pid ? `pid ${driver.pid}` : `supervisor ${driver.supervisorPid}`)
  throw checkpointInUse(`${driver.state}, ${who}`)
}

async function saySkipped(
  { topics }: Config,
  { kafka }: Runtime,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const held = await countUnread(kafka, topics.input, {}, { olderThanMs: Date.now(), signal })
  if (held && held.records > 0)
    output.warn(
      `the job skips the ${held.records} records that are in ${topics.input} now (STARTING_OFFSETS=latest)`,
    )
}

/**
 * Makes sure that old state and old results fit the settings, and remembers these; `undo` forgets them again. `isNew`: the
 * checkpoint is a new one.
 */
async function claimCheckpoint(
  { config, runtime, storage }: Omit<Selected, 'why'>,
  plan: QueryPlan,
  options: SubmitOptions,
  output: Output,
  signal: AbortSignal,
): Promise<{ readonly isNew: boolean; readonly undo: Undo }> {
  const clusterId = await readClusterId(runtime.kafka)
  const results = { storage, runtime: runtime.name, clusterId, topic: config.topics.output }
  const before = await rememberedSettings(results)
  const isContinued = !options.newCheckpoint && (await runtime.checkpoint.hasCommits())
  const settings = isContinued
    ? widest(before, resultSettings(config))
    : await requireReplaceable(runtime.kafka, config, before, output.warn, signal)
  const manifest = manifestOf(config, plan, clusterId)
  const isNew = await prepareCheckpoint(runtime.checkpoint, manifest, options, output, signal)
  return { isNew, undo: await rememberSettings(results, settings) }
}

async function prepareCheckpoint(
  store: CheckpointStore,
  manifest: Manifest,
  options: SubmitOptions,
  output: Output,
  signal: AbortSignal,
): Promise<boolean> {
  if (options.newCheckpoint && ((await store.hasCommits()) || (await hasManifest(store)))) {
    await requireNoOtherDriver(store, signal)
    output.note(`The old checkpoint was set aside: ${await store.setAside()}`)
  }
  const before = await readManifest(store)
  if (before) requireSameManifest(before, manifest)
  else if (await store.hasCommits())
    throw new CliError(
      'CHECKPOINT_CONFLICT',
      `the checkpoint at ${store.location} has no manifest of this tool`,
      {
        hint: 'Set STORAGE_DIR to another folder, or start a new checkpoint with `cpu-anomaly submit --new-checkpoint`.',
      },
    )
  else await writeManifest(store, manifest)
  return !before
}

import type { Config } from '../config/config.ts'
import { unusedInMode } from '../config/unused-settings.ts'
import { CliError } from '../errors.ts'
import { planQuery, type QueryPlan } from '../job/query-plan.ts'
import { renderJob } from '../job/render.ts'
import { jobSettings, kafkaSecrets } from '../job/settings.ts'
import { submitArgs } from '../job/submit-args.ts'
import { readModules, readTemplate } from '../job/template.ts'
import { countPartitions, readClusterId } from '../kafka/metadata.ts'
import { ensureTopics, formatTopicReport } from '../kafka/topics.ts'
import { checkpointInUse, isActive } from '../runtime/driver-state.ts'
import { JOB_FILE, type Runtime, type Selected, type Submission } from '../runtime/runtime.ts'
import type { Output } from '../terminal/output.ts'
import { requireSameWindows } from './earlier-results.ts'
import { hasManifest, manifestOf, readManifest, requireSameManifest, writeManifest } from './manifest.ts'
import { awaitReady } from './ready.ts'
import { stopTimeoutMs, submittedFile, submittedQuery } from './submitted.ts'
import { countUnread } from './unread.ts'

export interface SubmitOptions {
  readonly newCheckpoint: boolean
  readonly timeoutMs: number
}

/**
 * How the query will run on this runtime.
 * @throws CliError CONFIGURATION when TRIGGER=real-time, but real-time mode is not possible.
 */
export async function planFor(config: Config, runtime: Runtime, signal: AbortSignal): Promise<QueryPlan> {
  const { input, inputPartitions } = config.topics
  // Without a broker of this folder, another folder's may answer at its address.
  const isUp = (await runtime.runningClusterId().catch(() => undefined)) !== undefined
  const partitions = isUp ? await countPartitions(runtime.kafka, input, signal) : undefined
  return planQuery(config, runtime.job, partitions ?? inputPartitions)
}

/** The query's trigger and the reason for it, in one line. */
export const triggerLine = ({ trigger, reason }: QueryPlan): string => `Trigger: ${trigger} (${reason})`

/** What `submit` hands to the runtime: the job's files and spark-submit's arguments. */
export async function prepareSubmission(
  config: Config,
  runtime: Runtime,
  plan: QueryPlan,
): Promise<Submission> {
  const job = renderJob(await readTemplate(), jobSettings(config, runtime.job, plan))
  return {
    files: [{ path: JOB_FILE, text: job }, ...(await readModules())],
    submitArgs: submitArgs(config, runtime.job, plan),
    stopTimeoutMs: stopTimeoutMs(submittedQuery(config, plan)),
    secrets: kafkaSecrets(runtime.kafka),
  }
}

/**
 * Checks everything that can be checked before Spark starts, then starts the driver under supervision. Returns once its
 * first micro-batch is committed (or, on an old checkpoint without new records, once its state was loaded); in real-time
 * mode, once its state was loaded and all its tasks run.
 */
export async function submitJob(
  { config, runtime, storage }: Omit<Selected, 'why'>,
  options: SubmitOptions,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const plan = await planFor(config, runtime, signal)
  output.note(triggerLine(plan))
  for (const line of unusedInMode(config.resolved, plan.trigger)) output.warn(line)
  const submission = await prepareSubmission(config, runtime, plan)
  await requireNoDriver(runtime)
  await output.step('Topics', async (step) => {
    step.done(`Topics: ${formatTopicReport(await ensureTopics(runtime.kafka, config, signal))}`)
  })
  if (options.newCheckpoint || !(await runtime.checkpoint.hasCommits())) {
    // A damaged manifest is no reason to keep the checkpoint.
    const before = await readManifest(runtime.checkpoint).catch(() => undefined)
    await requireSameWindows(runtime.kafka, config, before, signal)
  }
  const isNew = await prepareCheckpoint(config, runtime, plan, options, output)
  if (isNew && config.query.startingOffsets === 'latest') await saySkipped(config, runtime, output, signal)
  const since = isNew ? new Date().toISOString() : (await submittedFile(storage).read())?.since
  const query = { ...submittedQuery(config, plan), ...(since && { since }) }
  await submittedFile(storage).write(query)
  await output.step('Job', async (step) => {
    step.update('starting the driver')
    await runtime.startDriver(submission, signal)
    const ready = await awaitReady(runtime, query, {
      timeoutMs: options.timeoutMs,
      signal,
      update: step.update,
    })
    step.done(ready)
  })
}

async function requireNoDriver(runtime: Runtime): Promise<void> {
  const driver = await runtime.driver()
  if (!isActive(driver)) return
  const who = driver.container ?? (driver.pid ? `pid ${driver.pid}` : `supervisor ${driver.supervisorPid}`)
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

/** Returns whether the checkpoint is a new one. */
async function prepareCheckpoint(
  config: Config,
  runtime: Runtime,
  plan: QueryPlan,
  options: SubmitOptions,
  output: Output,
): Promise<boolean> {
  const store = runtime.checkpoint
  const manifest = manifestOf(config, plan, await readClusterId(runtime.kafka))
  if (options.newCheckpoint && ((await store.hasCommits()) || (await hasManifest(store))))
    output.note(`The old checkpoint was set aside: ${await store.setAside()}`)
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

import { z } from 'zod'
import type { Config } from '../config/config.ts'
import { CliError } from '../errors.ts'
import type { QueryPlan } from '../job/query-plan.ts'
import type { CheckpointStore } from '../runtime/runtime.ts'
import { parseJson } from '../system/json.ts'

/** Raised when a new job cannot continue from an old job's state. */
const JOB_VERSION = '2'

const MANIFEST_FILE = 'cpu-anomaly-manifest.json'

/** How to start a new checkpoint, and what it costs. */
const WITH_SUBMIT =
  'with `cpu-anomaly submit --new-checkpoint` (the old one is set aside, not deleted; the input is read again from STARTING_OFFSETS)'

/**
 * The settings that a checkpoint fixes. Spark silently ignores changes to some of these and mixes results for others:
 * a new window length would continue from the state of the old windows.
 */
export type Manifest = Readonly<Record<string, string>>

const manifestSchema = z.record(z.string(), z.string())

export function manifestOf(config: Config, plan: QueryPlan, kafkaClusterId: string): Manifest {
  const { detector, topics, query } = config
  return {
    JOB_VERSION,
    KAFKA_CLUSTER_ID: kafkaClusterId,
    INPUT_TOPIC: topics.input,
    OUTPUT_TOPIC: topics.output,
    DEAD_LETTER_TOPIC: topics.deadLetter,
    WINDOW_DURATION: `${detector.windowMs} milliseconds`,
    GROUP_BY: detector.groupBy,
    SHUFFLE_PARTITIONS: String(plan.shufflePartitions),
    STARTING_OFFSETS: query.startingOffsets,
    TRIGGER: plan.trigger,
    STATE_STORE: plan.stateStore,
  }
}

export interface ManifestChange {
  readonly key: string
  readonly before: string
  readonly now: string
}

/** The keys whose values differ; a key that only one side has differs too. */
export function manifestChanges(before: Manifest, now: Manifest): ManifestChange[] {
  const keys = new Set([...Object.keys(now), ...Object.keys(before)])
  return [...keys]
    .map((key) => ({ key, before: before[key] ?? '(none)', now: now[key] ?? '(none)' }))
    .filter((change) => change.before !== change.now)
}

/** True if the checkpoint has a manifest, readable or not: a driver that fails before its first commit leaves only that. */
export async function hasManifest(store: CheckpointStore): Promise<boolean> {
  return (await store.read(MANIFEST_FILE)) !== undefined
}

/**
 * The checkpoint's manifest; undefined if it has none.
 * @throws CliError CHECKPOINT_CONFLICT that names the file and the two ways out when it cannot be read.
 */
export async function readManifest(store: CheckpointStore): Promise<Manifest | undefined> {
  const text = await store.read(MANIFEST_FILE)
  if (text === undefined) return undefined
  const parsed = manifestSchema.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  throw new CliError(
    'CHECKPOINT_CONFLICT',
    `the checkpoint is damaged: ${store.location}/${MANIFEST_FILE} ${text.trim() === '' ? 'is empty' : 'is not a JSON object of settings'}`,
    {
      hint: `Restore the checkpoint from a backup, or start a new one ${WITH_SUBMIT}.`,
    },
  )
}

export async function writeManifest(store: CheckpointStore, manifest: Manifest): Promise<void> {
  await store.write(MANIFEST_FILE, `${JSON.stringify(manifest, null, 2)}\n`)
}

/** @throws CliError CHECKPOINT_CONFLICT that names each key with its old and new value, and the two ways out. */
export function requireSameManifest(before: Manifest, now: Manifest): void {
  const changes = manifestChanges(before, now)
  if (changes.length === 0) return
  throw new CliError(
    'CHECKPOINT_CONFLICT',
    'the checkpoint was made with other settings; continuing would mix results',
    {
      details: changes.map(({ key, before, now }) => `${key}: was ${before}, is now ${now}`),
      hint: `Keep the old value, or start a new checkpoint ${WITH_SUBMIT}.`,
    },
  )
}

import { z } from 'zod'
import type { Config } from '../config/config.ts'
import { CliError } from '../errors.ts'
import type { QueryPlan } from '../job/query-plan.ts'
import type { CheckpointStore } from '../runtime/runtime.ts'
import { parseJson } from '../system/json.ts'

/** Changes when a new job could not go on from an old job's state. */
const JOB_VERSION = '2'

const MANIFEST_FILE = 'cpu-anomaly-manifest.json'

/**
 * What an old checkpoint fixes: Spark ignores a change of some of these in silence and mixes results on others
 * (a new window length goes on from the old windows' state).
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

/** What differs, in the order of the keys; a key that only one side knows differs too. */
export function manifestChanges(before: Manifest, now: Manifest): ManifestChange[] {
  const keys = new Set([...Object.keys(now), ...Object.keys(before)])
  return [...keys]
    .map((key) => ({ key, before: before[key] ?? '(none)', now: now[key] ?? '(none)' }))
    .filter((change) => change.before !== change.now)
}

/** The checkpoint's manifest; undefined where the checkpoint is new. */
export async function readManifest(store: CheckpointStore): Promise<Manifest | undefined> {
  const text = await store.read(MANIFEST_FILE)
  if (text === undefined) return undefined
  const parsed = manifestSchema.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  throw new CliError(
    'CHECKPOINT_CONFLICT',
    `the manifest of the checkpoint at ${store.location} cannot be read`,
    {
      hint: 'Begin a new checkpoint with `cpu-anomaly submit --new-checkpoint`; the old one is set aside, not deleted.',
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
    'the checkpoint was made with other settings; going on would mix results',
    {
      details: changes.map(({ key, before, now }) => `${key}: was ${before}, is now ${now}`),
      hint: 'Keep the old value, or begin a new checkpoint with `cpu-anomaly submit --new-checkpoint` (the old one is set aside, not deleted; the input is read again from STARTING_OFFSETS).',
    },
  )
}

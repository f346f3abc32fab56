import { z } from 'zod'
import type { Config, InputConfig } from '../config/config.ts'
import { configWith } from '../config/load.ts'
import { type SettingKey, SPARK_CONF_PREFIX } from '../config/settings.ts'
import { isFixedByCheckpoint } from '../config/spark-properties.ts'
import { CliError } from '../errors.ts'
import type { QueryPlan } from '../job/query-plan.ts'
import type { CheckpointStore } from '../runtime/runtime.ts'
import { WAYS_OUT, WITH_SUBMIT } from '../runtime/set-aside.ts'
import { parseJson } from '../system/json.ts'

/** Raised when a new job cannot continue from an old job's state. */
const JOB_VERSION = '2'

const MANIFEST_FILE = 'cpu-anomaly-manifest.json'

/**
 * The settings that a checkpoint fixes. Spark silently ignores changes to some of these and mixes results for others:
 * a new window length would continue from the state of the old windows.
 */
export type Manifest = Readonly<Record<string, string>>

/** The settings among its keys; the others say which job and which broker. */
const FIXED = [
  'INPUT_TOPIC',
  'OUTPUT_TOPIC',
  'DEAD_LETTER_TOPIC',
  'WINDOW_DURATION',
  'GROUP_BY',
  'INPUT_FORMAT',
  'SHUFFLE_PARTITIONS',
  'STARTING_OFFSETS',
  'TRIGGER',
  'STATE_STORE',
] as const satisfies readonly SettingKey[]

/** Fixed too, but only INPUT_FORMAT=json has them. */
const FIXED_OF_JSON = [
  'INPUT_TIME',
  'INPUT_TIME_UNIT',
  'INPUT_CPU',
  'INPUT_CPU_UNIT',
  'INPUT_SERIES',
] as const satisfies readonly SettingKey[]

/** Does only a new checkpoint bring this value of a setting, or of a property `SPARK_CONF_…`, into force? */
export const needsNewCheckpoint = (key: string, value: string): boolean =>
  isFixedProperty(key) ||
  ([...FIXED, ...FIXED_OF_JSON].some((fixed) => fixed === key) && OPEN[key] !== value.toLowerCase())

const isFixedProperty = (key: string): boolean =>
  key.startsWith(SPARK_CONF_PREFIX) && isFixedByCheckpoint(key.slice(SPARK_CONF_PREFIX.length))

const manifestSchema = z.record(z.string(), z.string())

export function manifestOf(config: Config, plan: QueryPlan, kafkaClusterId: string): Manifest {
  const { detector, topics, input, query, resolved } = config
  const fixed: Record<(typeof FIXED)[number], string> = {
    INPUT_TOPIC: topics.input,
    OUTPUT_TOPIC: topics.output,
    DEAD_LETTER_TOPIC: topics.deadLetter,
    WINDOW_DURATION: `${detector.windowMs} milliseconds`,
    GROUP_BY: detector.groupBy,
    INPUT_FORMAT: input.format,
    SHUFFLE_PARTITIONS: String(plan.shufflePartitions),
    STARTING_OFFSETS: query.startingOffsets,
    TRIGGER: plan.trigger,
    STATE_STORE: plan.stateStore,
  }
  const properties = resolved.filter(({ key }) => isFixedProperty(key)).map(({ key, value }) => [key, value])
  return {
    JOB_VERSION,
    KAFKA_CLUSTER_ID: kafkaClusterId,
    ...fixed,
    ...(input.format === 'json' && fixedOfJson(input)),
    ...Object.fromEntries(properties),
  }
}

const fixedOfJson = (input: InputConfig): Record<(typeof FIXED_OF_JSON)[number], string> => ({
  INPUT_TIME: input.time ?? '',
  INPUT_TIME_UNIT: input.timeUnit,
  INPUT_CPU: input.cpu ?? '',
  INPUT_CPU_UNIT: input.cpuUnit,
  INPUT_SERIES: input.series ?? 'key',
})

/** The values that leave the choice to this program. */
const OPEN: Readonly<Record<string, string>> = {
  INPUT_FORMAT: 'auto',
  TRIGGER: 'auto',
  STATE_STORE: 'auto',
  SHUFFLE_PARTITIONS: '',
}

/**
 * The settings with what they leave open as the checkpoint has it, because nobody asked for another value. If another
 * TRIGGER is named, all of it is open: state store and partitions follow from the mode.
 */
export function asBegun(config: Config, manifest: Manifest | undefined): Config {
  const { trigger } = config.query
  if (!manifest || (trigger !== 'auto' && trigger !== manifest.TRIGGER)) return config
  const begun = config.resolved.flatMap(({ key, value }) => {
    const before = manifest[key]
    return OPEN[key] === value.toLowerCase() && before !== undefined ? [[key, before] as const] : []
  })
  return configWith(config, Object.fromEntries(begun), 'submit')
}

/** The settings with the format of this checkpoint in the place of `auto`, if it is of the same topic. */
export function withBegunFormat(config: Config, manifest: Manifest | undefined): Config {
  if (config.input.format !== 'auto' || manifest?.INPUT_TOPIC !== config.topics.input) return config
  const begun = ['INPUT_FORMAT', ...FIXED_OF_JSON].flatMap((key) => {
    const before = manifest[key] ?? BEFORE_FORMATS[key]
    return before === undefined ? [] : [[key, before] as const]
  })
  return configWith(config, Object.fromEntries(begun), 'submit')
}

/** What a checkpoint fixes although its manifest, of an earlier version, does not say it. */
const BEFORE_FORMATS: Manifest = { INPUT_FORMAT: 'csv' }

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
  try {
    return (await store.read(MANIFEST_FILE)) !== undefined
  } catch (error) {
    if (error instanceof CliError && error.code === 'CHECKPOINT_CONFLICT') return true
    throw error
  }
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
    { hint: WAYS_OUT },
  )
}

export async function writeManifest(store: CheckpointStore, manifest: Manifest): Promise<void> {
  await store.write(MANIFEST_FILE, `${JSON.stringify(manifest, null, 2)}\n`)
}

/** @throws CliError CHECKPOINT_CONFLICT that names each key with its old and new value, and the two ways out. */
export function requireSameManifest(before: Manifest, now: Manifest): void {
  const changes = manifestChanges({ ...BEFORE_FORMATS, ...before }, { ...BEFORE_FORMATS, ...now })
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

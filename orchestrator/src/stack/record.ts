import { z } from 'zod'
import { type Config, type ResolvedSetting, RUNTIMES, type RuntimeName } from '../config/config.ts'
import { isSameValue } from '../config/same-value.ts'
import type { SettingKey } from '../config/settings.ts'
import { CliError } from '../errors.ts'
import type { Runtime, Selected } from '../runtime/places.ts'
import type { EngineIdentity } from '../runtime/runtime.ts'
import type { StoragePaths } from '../storage/paths.ts'
import { elsewhere, otherMachine, placeSchema, thisPlace } from '../system/place.ts'
import { type StateFile, stateFile } from '../system/state-file.ts'

const startedSettingSchema = z.object({
  value: z.string(),
  origin: z.enum(['default', '.env', '--settings', 'environment', 'flag', 'up', 'submit']),
})
type StartedSetting = Readonly<z.infer<typeof startedSettingSchema>>

/** What `up` remembers of this folder's stack. */
const recordSchema = z.object({
  runtime: z.enum(RUNTIMES),
  /** Should the stack be up? */
  up: z.boolean(),
  /** The settings that it was started with: later commands use them, whatever `.env` says meanwhile. */
  settings: z.record(z.string(), startedSettingSchema).optional(),
  /** Where it was started: its processes cannot be seen from elsewhere. */
  place: placeSchema.optional(),
  /** The engine that has this folder's containers and volumes, until `down --volumes` removes them. */
  engine: z.object({ url: z.string(), id: z.string().optional() }).optional(),
})
export type StackRecord = Readonly<z.infer<typeof recordSchema>>

export const stackFile = (storage: StoragePaths): StateFile<StackRecord> =>
  stateFile(`${storage.run}/runtime.json`, recordSchema)

const OWN_BROKER_KEYS = ['KAFKA_PORT', 'KAFKA_USERNAME', 'KAFKA_PASSWORD'] as const satisfies SettingKey[]

const SPARK_KEYS: Readonly<Record<RuntimeName, readonly SettingKey[]>> = {
  local: ['CHECKPOINT_LOCATION'],
  docker: ['SPARK_CORES', 'SPARK_WORKERS', 'SPARK_WORKER_MEMORY', 'SPARK_MASTER_UI_PORT', 'SPARK_IMAGE'],
  standalone: ['SPARK_MASTER', 'SPARK_MASTER_UI_PORT', 'CHECKPOINT_LOCATION'],
  yarn: ['SPARK_MASTER', 'CHECKPOINT_LOCATION'],
  'yarn-cluster': ['SPARK_MASTER', 'CHECKPOINT_LOCATION'],
  kubernetes: ['SPARK_MASTER', 'CHECKPOINT_LOCATION'],
}

/**
 * Is it a setting that `up` brings into force? The job's own come into force with `submit`. How a command logs in to a given
 * cluster is nobody's but its own.
 */
export function isStackKey(runtime: RuntimeName, { isGiven }: Config['kafka'], key: string): boolean {
  const ofBroker: readonly SettingKey[] = isGiven
    ? []
    : [...OWN_BROKER_KEYS, ...(runtime === 'docker' ? (['KAFKA_IMAGE'] as const) : [])]
  return ['KAFKA_SERVERS', ...ofBroker, ...SPARK_KEYS[runtime]].includes(key)
}

/** Records that the stack is up, before its first process starts: whatever happens then, `down` finds it. */
export async function recordUp(
  storage: StoragePaths,
  config: Config,
  runtime: RuntimeName,
  engineNow?: EngineIdentity,
): Promise<void> {
  const settings = Object.fromEntries(
    config.resolved
      .filter(({ key }) => isStackKey(runtime, config.kafka, key))
      .map(({ key, value, origin }) => [key, { value, origin: origin === 'up' ? 'flag' : origin }] as const),
  )
  const file = stackFile(storage)
  const engine = engineNow ?? (await file.read())?.engine
  await file.write({ runtime, up: true, settings, place: await thisPlace(), ...(engine && { engine }) })
}

/** The same for a `submit` that needs no `up`, because it finds Kafka and Spark there, or installs what it needs. */
export async function recordGiven({ runtime, config, storage }: Omit<Selected, 'why'>): Promise<void> {
  if (runtime.kafka.isOwn || runtime.name === 'docker' || (await stackFile(storage).read())?.up) return
  await recordUp(storage, config, runtime.name)
}

/** A setting whose value now differs from the one that is in force. */
export interface SettingChange {
  readonly now: ResolvedSetting
  readonly started: StartedSetting
}

/** What a stack was started with by a version that did not record it. */
const EARLIER: Readonly<Record<string, StartedSetting>> = { KAFKA_SERVERS: { value: '', origin: 'default' } }

/** The settings that differ from those that the stack was started with. */
export function changesSinceUp(config: Config, record: StackRecord | undefined): SettingChange[] {
  if (!record?.up) return []
  return config.resolved.flatMap((now) => {
    const started = record.settings?.[now.key] ?? EARLIER[now.key]
    return started && !isSameValue(now.key, started.value, now.value) ? [{ now, started }] : []
  })
}

/** A flag of `up` (`--set`, `--workers`) counts until `down`, unless a flag says otherwise again. */
export const isLastingFlag = ({ now, started }: SettingChange): boolean =>
  started.origin === 'flag' && now.origin !== 'flag'

/**
 * @throws CliError OTHER_PLACE when the stack was started where its processes cannot be seen from here: they would look
 *   as if they had ended.
 */
export async function requireHere(record: StackRecord, { root, run }: StoragePaths): Promise<void> {
  if (!record.up || !record.place) return
  const here = await thisPlace()
  // Containers are seen through their engine, whatever namespace this is.
  const where = (record.runtime === 'docker' ? otherMachine : elsewhere)(record.place, here)
  if (where === undefined) return
  throw new CliError('OTHER_PLACE', `the stack of ${root} was started ${where}, and was left alone`, {
    hint: `Run this command there. If that place no longer exists, and nothing of the stack runs, remove ${run}/runtime.json.`,
  })
}

/**
 * @throws CliError OTHER_PLACE when the folder's containers and volumes are on another engine: on this one they would look
 *   as if they were gone.
 */
export async function requireSameEngine(
  { engine: there }: StackRecord,
  runtime: Runtime,
  { root, run }: StoragePaths,
): Promise<void> {
  if (!there) return
  const here = await runtime.engine?.().catch(() => undefined) // if none answers, the command itself says why
  if (!here || isSameEngine(there, here)) return
  throw new CliError(
    'OTHER_PLACE',
    `containers and volumes of ${root} are on the engine ${nameOf(there)}, but ${nameOf(here)} answers`,
    {
      hint: `Start that engine, or name it: DOCKER_HOST=${there.url}. If it no longer exists, remove ${run}/runtime.json.`,
    },
  )
}

const isSameEngine = (a: EngineIdentity, b: EngineIdentity): boolean =>
  a.id && b.id ? a.id === b.id : a.url === b.url

const nameOf = ({ url, id }: EngineIdentity): string => (id ? `${url} (id ${id})` : url)

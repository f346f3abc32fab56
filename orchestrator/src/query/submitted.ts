import { join } from 'node:path'
import { z } from 'zod'
import type { Config, ResolvedSetting, RuntimeName } from '../config/config.ts'
import { isSameValue } from '../config/same-value.ts'
import { isSparkConf, SETTINGS, type SettingKey } from '../config/settings.ts'
import type { QueryPlan } from '../job/query-plan.ts'
import { ownName } from '../runtime/own-name.ts'
import type { Selected } from '../runtime/places.ts'
import type { StoragePaths } from '../storage/paths.ts'
import { type StateFile, stateFile } from '../system/state-file.ts'
import { needsNewCheckpoint } from './manifest.ts'

/** How the query was last submitted, for later commands: the settings may have changed since. */
const querySchema = z.object({
  trigger: z.enum(['micro-batch', 'real-time']),
  reason: z.string(),
  /** Length of a batch in real-time mode. */
  checkpointIntervalMs: z.number(),
  /** The settings that the job was given, without secrets. */
  settings: z.record(z.string(), z.string()).optional(),
  /** Which of them were flags of `submit`. */
  flags: z.array(z.string()).optional(),
})
export type SubmittedQuery = Readonly<z.infer<typeof querySchema>>

const QUERY_HINT =
  'It only records how the job was last submitted. Remove it; the next `cpu-anomaly submit` writes it again.'

const JOB_KEYS: ReadonlySet<string> = new Set([
  'INPUT_TOPIC',
  'OUTPUT_TOPIC',
  'DEAD_LETTER_TOPIC',
  'SPARK_CORES',
  'SPARK_DRIVER_MEMORY',
  'SHUFFLE_PARTITIONS',
  'SPARK_UI_PORT',
] satisfies SettingKey[])

/** `tail` and `calibrate` read them, the job does not. */
const CONCERNS_NO_JOB: ReadonlySet<string> = new Set(['MIN_SAMPLES', 'MIN_DEVIATION'] satisfies SettingKey[])

const sectionOf = (key: string): string | undefined =>
  Object.hasOwn(SETTINGS, key) ? SETTINGS[key as SettingKey].section : undefined

/** What an earlier version, which did not know the setting, did. */
const defaultOf = (key: string): string =>
  Object.hasOwn(SETTINGS, key) ? SETTINGS[key as SettingKey].fallback : ''

/** Does `submit` bring this setting into force? */
const isJobSetting = ({ key, secret }: Pick<ResolvedSetting, 'key' | 'secret'>): boolean =>
  !secret &&
  !CONCERNS_NO_JOB.has(key) &&
  (isSparkConf(key) || JOB_KEYS.has(key) || /^(?:Detector|Input|Query)$/.test(sectionOf(key) ?? ''))

/** A setting of the job that is no longer what it was submitted with. */
export interface JobChange {
  readonly key: string
  readonly now: string
  readonly submitted: string
  /** It was a flag of `submit`, so it is meant to differ from the settings. */
  readonly isFlag: boolean
  /** `submit` chose it, because the settings leave it open. */
  readonly isFound: boolean
  /** Only a new checkpoint brings it into force. */
  readonly isFixed: boolean
  /** Results that are already written depend on it. */
  readonly isDetectors: boolean
}

/** What differs from the last submit; nothing if that was before settings were remembered. */
export function changesSinceSubmit(config: Config, query: SubmittedQuery | undefined): JobChange[] {
  const { settings, flags = [], trigger } = query ?? {}
  if (!settings) return []
  const now = new Map<string, string>(
    config.resolved.filter(isJobSetting).map(({ key, value }) => [key, value]),
  )
  const keys = new Set([...now.keys(), ...Object.keys(settings)])
  const isAuto = config.input.format === 'auto'
  return [...keys]
    .map((key) => ({
      key,
      now: now.get(key) ?? '',
      submitted: settings[key] ?? defaultOf(key),
      isFlag: flags.includes(key),
      isFound: isAuto && sectionOf(key) === 'Input',
      isFixed:
        needsNewCheckpoint(key, now.get(key) ?? '') && !(key === 'TRIGGER' && now.get(key) === trigger),
      isDetectors: sectionOf(key) === 'Detector',
    }))
    .filter(({ key, now, submitted }) => !isSameValue(key, now, submitted))
}

export const submittedFile = (storage: StoragePaths, runtime: RuntimeName): StateFile<SubmittedQuery> =>
  stateFile(join(storage.run, ownName(runtime, 'query.json')), querySchema, QUERY_HINT)

/** How long a batch of the job keeps reading new records, and writes results: an interval in real-time mode, else 0. */
export async function batchMs({ storage, runtime, config }: Selected): Promise<number> {
  const query = (await submittedFile(storage, runtime.name).read()) ?? config.query
  return query.trigger === 'real-time' ? query.checkpointIntervalMs : 0
}

export const submittedQuery = (
  { query, resolved }: Config,
  { trigger, reason }: QueryPlan,
): SubmittedQuery => ({
  trigger,
  reason,
  checkpointIntervalMs: query.checkpointIntervalMs,
  settings: Object.fromEntries(resolved.filter(isJobSetting).map(({ key, value }) => [key, value])),
  flags: resolved
    .filter((setting) => setting.origin === 'flag' && isJobSetting(setting))
    .map(({ key }) => key),
})

const BETWEEN_BATCHES_MS = 30_000
/** After an interval ends, its records are read to the end, it commits, and the auditor accounts for it. */
const AFTER_INTERVAL_MS = 45_000

/** How long a clean stop may take: the running batch ends first, which in real-time mode takes up to an interval. */
export const stopTimeoutMs = (query: SubmittedQuery | undefined): number =>
  query?.trigger === 'real-time' ? query.checkpointIntervalMs + AFTER_INTERVAL_MS : BETWEEN_BATCHES_MS

import type { ResolvedSetting, RuntimeName, TriggerMode } from './config.ts'
import { isSameValue } from './same-value.ts'
import { SETTINGS, type SettingKey } from './settings.ts'

const UNUSED_ON: Readonly<Record<RuntimeName, readonly SettingKey[]>> = {
  local: ['SPARK_WORKERS', 'SPARK_WORKER_MEMORY', 'SPARK_MASTER_UI_PORT', 'KAFKA_IMAGE', 'SPARK_IMAGE'],
  docker: [],
}

const UNUSED_IN: Readonly<Record<TriggerMode, readonly SettingKey[]>> = {
  'micro-batch': ['CHECKPOINT_INTERVAL'],
  'real-time': ['TRIGGER_INTERVAL', 'KAFKA_MAX_OFFSETS_PER_TRIGGER'],
}

/** A line for each setting that the user changed although this runtime does not use it. */
export const unusedOnRuntime = (resolved: readonly ResolvedSetting[], runtime: RuntimeName): string[] =>
  changed(resolved, UNUSED_ON[runtime]).map((key) => `${key} has no effect on the ${runtime} runtime`)

/** A line for each setting that the user changed although this mode of the query does not use it. */
export const unusedInMode = (resolved: readonly ResolvedSetting[], mode: TriggerMode): string[] =>
  changed(resolved, UNUSED_IN[mode]).map((key) => `${key} has no effect in ${mode} mode`)

/** Both, as far as runtime and mode are decided. */
export const unusedSettings = (
  resolved: readonly ResolvedSetting[],
  runtime: RuntimeName | undefined,
  mode: TriggerMode | 'auto',
): string[] => [
  ...(runtime ? unusedOnRuntime(resolved, runtime) : []),
  ...(mode === 'auto' ? [] : unusedInMode(resolved, mode)),
]

/** A `.env` may name defaults, too: those are no wishes. */
const changed = (resolved: readonly ResolvedSetting[], keys: readonly SettingKey[]): SettingKey[] =>
  keys.filter((key) =>
    resolved.some(
      (setting) => setting.key === key && !isSameValue(key, setting.value, SETTINGS[key].fallback),
    ),
  )

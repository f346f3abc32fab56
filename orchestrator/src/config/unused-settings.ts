import type { Config, ResolvedSetting, RuntimeName, TriggerMode } from './config.ts'
import { isSameValue } from './same-value.ts'
import { isSparkConf, SETTINGS, type SettingKey } from './settings.ts'

const UNUSED_ON: Readonly<Record<RuntimeName, readonly SettingKey[]>> = {
  local: ['SPARK_WORKERS', 'SPARK_WORKER_MEMORY', 'SPARK_MASTER_UI_PORT', 'KAFKA_IMAGE', 'SPARK_IMAGE'],
  docker: [],
  standalone: ['SPARK_WORKERS', 'KAFKA_IMAGE', 'SPARK_IMAGE'],
  'yarn-cluster': [
    ...(['SPARK_WORKERS', 'SPARK_MASTER_UI_PORT', 'SPARK_UI_PORT'] as const),
    ...(['KAFKA_IMAGE', 'SPARK_IMAGE'] as const),
  ],
  yarn: ['SPARK_WORKERS', 'SPARK_MASTER_UI_PORT', 'KAFKA_IMAGE', 'SPARK_IMAGE'],
  kubernetes: ['SPARK_WORKERS', 'SPARK_MASTER_UI_PORT', 'KAFKA_IMAGE'],
}

/** Brokers that are already there have a port and a version of their own. */
const UNUSED_WITH_GIVEN: readonly SettingKey[] = ['KAFKA_PORT', 'KAFKA_IMAGE']

const UNUSED_IN: Readonly<Record<TriggerMode, readonly SettingKey[]>> = {
  'micro-batch': ['CHECKPOINT_INTERVAL'],
  'real-time': ['TRIGGER_INTERVAL', 'KAFKA_MAX_OFFSETS_PER_TRIGGER'],
}

/** A line for each setting that the user changed although this runtime, or this place of Kafka, does not use it. */
export const unusedOnRuntime = (
  { resolved, kafka }: Pick<Config, 'resolved' | 'kafka'>,
  runtime: RuntimeName,
): string[] => [
  ...changed(resolved, UNUSED_ON[runtime]).map((key) => `${key} has no effect on the ${runtime} runtime`),
  ...changed(resolved, kafka.isGiven ? UNUSED_WITH_GIVEN : [])
    .filter((key) => !UNUSED_ON[runtime].includes(key))
    .map((key) => `${key} has no effect: KAFKA_SERVERS names the brokers`),
]

/** A line for each setting that the user changed although this mode of the query does not use it. */
export const unusedInMode = (resolved: readonly ResolvedSetting[], mode: TriggerMode): string[] =>
  changed(resolved, UNUSED_IN[mode]).map((key) => `${key} has no effect in ${mode} mode`)

const ROCKSDB = 'SPARK_CONF_spark.sql.streaming.stateStore.rocksdb.'

/** All of them, as far as runtime, mode and state store are decided. */
export const unusedSettings = (
  config: Pick<Config, 'resolved' | 'kafka'>,
  runtime: RuntimeName | undefined,
  { trigger, stateStore }: Pick<Config['query'], 'trigger' | 'stateStore'>,
): string[] => [
  ...(runtime ? unusedOnRuntime(config, runtime) : []),
  ...(trigger === 'auto' ? [] : unusedInMode(config.resolved, trigger)),
  ...config.resolved
    .filter(({ key }) => stateStore === 'memory' && key.startsWith(ROCKSDB))
    .map(({ key }) => `${key} has no effect on a state in memory`),
]

type Command = 'up' | 'submit' | 'produce' | 'tail' | 'status' | 'logs' | 'stop' | 'down' | 'calibrate'

const WITH_BROKER = ['up', 'submit', 'produce', 'tail', 'status', 'calibrate'] as const
const WITH_RESULTS = ['submit', 'produce', 'tail', 'status', 'calibrate'] as const

/** The commands that read a setting themselves, if its value in force is not known. Those that are missing are of all. */
const USED_BY: readonly (readonly [commands: readonly Command[], keys: readonly SettingKey[]])[] = [
  [['tail'], ['MIN_SAMPLES']],
  [['calibrate'], ['MIN_DEVIATION']],
  [['up'], UNUSED_ON.local],
  [
    ['up', 'submit'],
    ['INPUT_PARTITIONS', 'RESULT_RETENTION'],
  ],
  [['submit'], ['SPARK_UI_PORT', 'KAFKA_MAX_OFFSETS_PER_TRIGGER', 'TRIGGER_INTERVAL', 'STATE_STORE']],
  [
    ['submit', 'calibrate'],
    ['SPARK_CORES', 'SPARK_DRIVER_MEMORY', 'SHUFFLE_PARTITIONS', 'BASELINE_FILE'],
  ],
  [
    ['submit', 'tail'],
    ['TRIGGER', 'CHECKPOINT_INTERVAL'],
  ],
  [['submit', 'produce', 'status'], ['STARTING_OFFSETS']],
  [
    ['submit', 'produce'],
    [
      ...(['INPUT_FORMAT', 'INPUT_TIME', 'INPUT_TIME_UNIT'] as const),
      ...(['INPUT_CPU', 'INPUT_CPU_UNIT', 'INPUT_SERIES'] as const),
    ],
  ],
  [
    WITH_RESULTS,
    [
      ...(['NORMAL_MEAN', 'NORMAL_STDDEV', 'ANOMALY_DIRECTION', 'WINDOW_DURATION'] as const),
      ...(['MAX_FUTURE_SKEW', 'CPU_MIN', 'CPU_MAX', 'GROUP_BY'] as const),
    ],
  ],
  [['submit', 'produce', 'tail', 'status'], ['WATERMARK_DELAY']],
  [
    WITH_BROKER,
    [
      ...(['INPUT_TOPIC', 'OUTPUT_TOPIC', 'DEAD_LETTER_TOPIC'] as const),
      ...(['KAFKA_SERVERS', 'KAFKA_PORT', 'KAFKA_USERNAME', 'KAFKA_PASSWORD'] as const),
      ...(['KAFKA_SECURITY_PROTOCOL', 'KAFKA_SASL_MECHANISM', 'KAFKA_SSL_CA'] as const),
      ...(['KAFKA_SSL_CERT', 'KAFKA_SSL_KEY', 'KAFKA_SSL_KEY_PASSWORD'] as const),
    ],
  ],
]

function usersOf(key: string): readonly Command[] | undefined {
  if (key.endsWith('spark.jars.ivySettings')) return ['up', 'submit'] // `up` fetches jars
  if (isSparkConf(key)) return ['submit', 'calibrate']
  return USED_BY.find(([, keys]) => (keys as readonly string[]).includes(key))?.[0]
}

/**
 * A line for each flag (`--set`) that this command does not use. Of the settings in force: one that a flag cannot change
 * has been named, and has another origin.
 */
export const unusedFlags = (resolved: readonly ResolvedSetting[], command: Command): string[] =>
  resolved.flatMap(({ key, origin }) => {
    const users = usersOf(key)
    if (origin !== 'flag' || !users || users.includes(command)) return []
    const used = users.map((name) => `\`${name}\``).join(' and ')
    return [`--set ${key} has no effect on \`${command}\`: it is for ${used}`]
  })

/** A `.env` may name defaults, too: those are no wishes. */
const changed = (resolved: readonly ResolvedSetting[], keys: readonly SettingKey[]): SettingKey[] =>
  keys.filter((key) =>
    resolved.some(
      (setting) => setting.key === key && !isSameValue(key, setting.value, SETTINGS[key].fallback),
    ),
  )

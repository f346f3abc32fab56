import { resolve } from 'node:path'
import { closest, distance } from 'fastest-levenshtein'
import { CliError } from '../errors.ts'
import { checkStorageDir } from '../storage/storage-folder.ts'
import { escapeControls } from '../terminal/text.ts'
import type { Config, KafkaConfig, Origin, ResolvedSetting } from './config.ts'
import { readEnvFile } from './env-file.ts'
import { Problem } from './parsers.ts'
import { checkRules, looksSecret } from './rules.ts'
import {
  SECRET_KEYS,
  SETTINGS,
  type SettingKey,
  type SettingValues,
  SPARK_CONF_PREFIX,
  settingEntries,
} from './settings.ts'

export interface LoadOptions {
  readonly folder: string
  readonly envFile: string | undefined
  /** `KEY=value`, from `--set`. */
  readonly overrides: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly warn: (line: string) => void
}

type Source = readonly [Origin, Readonly<Record<string, string | undefined>>]

/**
 * Resolves every setting (flag > environment > `.env` > default), parses and checks it.
 * @throws CliError CONFIGURATION that lists every problem, one a line.
 */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  const path = resolve(options.folder, options.envFile ?? '.env')
  const file = await readEnvFile(path, options.envFile !== undefined)
  const overrides = parseOverrides(options.overrides)
  const sources: readonly Source[] = [
    ['flag', overrides.values],
    ['environment', options.environment],
    ['.env', file.values],
  ]
  const resolved = resolveSettings(sources)
  const problems = [
    ...overrides.problems,
    ...unknownKeys(overrides.values, '--set'),
    ...unknownKeys(file.values, path),
  ]
  const { values, wrong } = parseSettings(resolved, problems)
  const config = toConfig(values, resolved, options.folder)
  const found = checkRules(config)
  const further = [...found.problems, ...(await checkStorageDir(config.storageDir, config.folder))]
  // Where the default stands in for a value that does not parse, a rule about it says nothing.
  problems.push(
    ...further.filter((problem) => !wrong.some((key) => new RegExp(`\\b${key}\\b`).test(problem))),
  )
  if (problems.length === 0) {
    for (const warning of [...file.warnings, ...found.warnings]) options.warn(escapeControls(warning))
    return config
  }
  throw new CliError('CONFIGURATION', problems.map(escapeControls).join('\n'), {
    hint: 'Nothing was started. The settings and their defaults: .env.example, or `cpu-anomaly init` to write them to .env.',
  })
}

function parseOverrides(overrides: readonly string[]): {
  values: Record<string, string>
  problems: string[]
} {
  const values: Record<string, string> = {}
  const problems: string[] = []
  for (const override of overrides) {
    const split = override.indexOf('=')
    if (split > 0) values[override.slice(0, split)] = override.slice(split + 1)
    else problems.push(`--set ${override}: is no KEY=value; write one such as --set NORMAL_MEAN=14.5`)
  }
  return { values, problems }
}

function resolveSettings(sources: readonly Source[]): ResolvedSetting[] {
  const find = (key: string): { value: string; origin: Origin } | undefined => {
    for (const [origin, values] of sources) {
      const value = values[key]
      if (value !== undefined) return { value: SECRET_KEYS.has(key) ? value : value.trim(), origin }
    }
    return undefined
  }
  const known = settingEntries.map(([key, { fallback, secret = false }]): ResolvedSetting => {
    const found = find(key) ?? { value: fallback, origin: 'default' as const }
    return { key, ...found, secret }
  })
  const sparkConf = new Set(sources.flatMap(([, values]) => Object.keys(values).filter(isSparkConf)))
  const further = [...sparkConf].sort().flatMap((key): ResolvedSetting[] => {
    const found = find(key)
    return found ? [{ key: key as `SPARK_CONF_${string}`, ...found, secret: looksSecret(key) }] : []
  })
  return [...known, ...further]
}

const isSparkConf = (key: string) => key.startsWith(SPARK_CONF_PREFIX)

function unknownKeys(values: Readonly<Record<string, string | undefined>>, where: string): string[] {
  const known = settingEntries.map(([key]) => key)
  return Object.keys(values)
    .filter((key) => !isSparkConf(key) && !Object.hasOwn(SETTINGS, key))
    .map((key) => {
      const near = closest(key.toUpperCase(), known)
      const suggestion = distance(key.toUpperCase(), near) <= 4 ? `did you mean ${near}?` : 'remove it'
      return `${key}: unknown key in ${where}; ${suggestion}`
    })
}

/** The parsed values; adds a problem for each that does not parse, and takes its default instead. */
function parseSettings(
  resolved: readonly ResolvedSetting[],
  problems: string[],
): { values: SettingValues; wrong: readonly SettingKey[] } {
  const values: Partial<Record<SettingKey, unknown>> = {}
  const wrong: SettingKey[] = []
  const texts = new Map<string, ResolvedSetting>(resolved.map((setting) => [setting.key, setting]))
  for (const [key, { parse, secret, fallback }] of settingEntries) {
    const text = texts.get(key)?.value ?? ''
    try {
      values[key] = parse(text)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      problems.push(`${key}=${secret ? '***' : shorten(text)}: ${error.message}`)
      values[key] = parse(fallback)
      wrong.push(key)
    }
  }
  return { values: values as SettingValues, wrong }
}

const shorten = (text: string) => (text.length > 80 ? `${text.slice(0, 77)}...` : text)

function toConfig(values: SettingValues, resolved: readonly ResolvedSetting[], folder: string): Config {
  return {
    detector: {
      normalMean: values.NORMAL_MEAN,
      normalStddev: values.NORMAL_STDDEV,
      direction: values.ANOMALY_DIRECTION,
      windowMs: values.WINDOW_DURATION,
      watermarkMs: values.WATERMARK_DELAY,
      maxFutureSkewMs: values.MAX_FUTURE_SKEW,
      cpuMin: values.CPU_MIN,
      cpuMax: values.CPU_MAX,
      groupBy: values.GROUP_BY,
    },
    topics: {
      input: values.INPUT_TOPIC,
      output: values.OUTPUT_TOPIC,
      deadLetter: values.DEAD_LETTER_TOPIC,
      inputPartitions: values.INPUT_PARTITIONS,
      retentionMs: values.RESULT_RETENTION,
    },
    kafka: kafkaConfig(values),
    query: {
      startingOffsets: values.STARTING_OFFSETS,
      maxOffsetsPerTrigger: values.KAFKA_MAX_OFFSETS_PER_TRIGGER,
      trigger: values.TRIGGER,
      triggerIntervalMs: values.TRIGGER_INTERVAL,
      checkpointIntervalMs: values.CHECKPOINT_INTERVAL,
      stateStore: values.STATE_STORE,
    },
    spark: {
      master: values.SPARK_MASTER,
      cores: values.SPARK_CORES,
      driverMemory: values.SPARK_DRIVER_MEMORY,
      shufflePartitions: values.SHUFFLE_PARTITIONS ?? values.SPARK_CORES,
      realTimeShufflePartitions: values.SHUFFLE_PARTITIONS ?? 1,
      workers: values.SPARK_WORKERS,
      workerMemory: values.SPARK_WORKER_MEMORY,
      conf: sparkConf(resolved),
    },
    runtime: values.RUNTIME,
    ports: {
      kafka: values.KAFKA_PORT,
      sparkUi: values.SPARK_UI_PORT,
      sparkMasterUi: values.SPARK_MASTER_UI_PORT,
    },
    images: { kafka: values.KAFKA_IMAGE, spark: values.SPARK_IMAGE },
    storageDir: resolve(folder, values.STORAGE_DIR),
    folder: resolve(folder),
    resolved,
  }
}

function kafkaConfig(values: SettingValues): KafkaConfig {
  const username = values.KAFKA_USERNAME
  const password = values.KAFKA_PASSWORD
  const ssl = {
    ca: values.KAFKA_SSL_CA,
    cert: values.KAFKA_SSL_CERT,
    key: values.KAFKA_SSL_KEY,
    keyPassword: values.KAFKA_SSL_KEY_PASSWORD,
  }
  const sasl =
    username && password ? { mechanism: values.KAFKA_SASL_MECHANISM, username, password } : undefined
  const encrypted = ssl.ca !== undefined || ssl.cert !== undefined
  const implied = sasl ? (encrypted ? 'SASL_SSL' : 'SASL_PLAINTEXT') : encrypted ? 'SSL' : 'PLAINTEXT'
  return {
    servers: values.KAFKA_SERVERS ?? [],
    securityProtocol: values.KAFKA_SECURITY_PROTOCOL ?? implied,
    sasl,
    ssl,
  }
}

function sparkConf(resolved: readonly ResolvedSetting[]): Record<string, string> {
  return Object.fromEntries(
    resolved
      .filter(({ key }) => isSparkConf(key))
      .map(({ key, value }) => [key.slice(SPARK_CONF_PREFIX.length), value]),
  )
}

/** Every setting as it may be shown. */
export function maskedSettings(config: Config): readonly { key: string; value: string; origin: Origin }[] {
  return config.resolved.map(({ key, value, origin, secret }) => ({
    key,
    value: secret && value !== '' ? '***' : value,
    origin,
  }))
}

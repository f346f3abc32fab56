import { resolve } from 'node:path'
import { isRemoteCheckpoint } from './checkpoint-location.ts'
import type { Config, KafkaConfig, ResolvedSetting } from './config.ts'
import { givenServers } from './given-servers.ts'
import { Problem } from './parsers.ts'
import {
  isSparkConf,
  type SettingKey,
  type SettingValues,
  SPARK_CONF_PREFIX,
  settingEntries,
} from './settings.ts'

export interface ParsedSettings {
  readonly values: SettingValues
  /** The keys whose text does not parse; `values` has their defaults. */
  readonly invalid: readonly SettingKey[]
  /** A problem per invalid key. */
  readonly problems: readonly string[]
}

/** Parses the text of every setting. */
export function parseSettings(resolved: readonly ResolvedSetting[]): ParsedSettings {
  const values: Partial<Record<SettingKey, unknown>> = {}
  const invalid: SettingKey[] = []
  const problems: string[] = []
  const texts = new Map<string, ResolvedSetting>(resolved.map((setting) => [setting.key, setting]))
  for (const [key, { parse, secret, fallback }] of settingEntries) {
    const text = texts.get(key)?.value ?? ''
    try {
      values[key] = parse(text)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      problems.push(`${key}=${secret ? '***' : shorten(text)}: ${error.message}`)
      values[key] = parse(fallback)
      invalid.push(key)
    }
  }
  return { values: values as SettingValues, invalid, problems }
}

const shorten = (text: string) => (text.length > 80 ? `${text.slice(0, 77)}...` : text)

/** The typed settings, with the defaults that depend on other settings. */
export function toConfig(
  values: SettingValues,
  resolved: readonly ResolvedSetting[],
  folder: string,
): Config {
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
      baselineFile: values.BASELINE_FILE && resolve(folder, values.BASELINE_FILE),
    },
    minSamples: values.MIN_SAMPLES,
    minDeviation: values.MIN_DEVIATION,
    topics: {
      input: values.INPUT_TOPIC,
      output: values.OUTPUT_TOPIC,
      deadLetter: values.DEAD_LETTER_TOPIC,
      inputPartitions: values.INPUT_PARTITIONS,
      retentionMs: values.RESULT_RETENTION,
    },
    input: {
      format: values.INPUT_FORMAT,
      time: values.INPUT_TIME,
      timeUnit: values.INPUT_TIME_UNIT,
      cpu: values.INPUT_CPU,
      cpuUnit: values.INPUT_CPU_UNIT,
      series: values.INPUT_SERIES,
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
      deployMode: values.SPARK_DEPLOY_MODE,
      checkpoint: values.CHECKPOINT_LOCATION,
      cores: values.SPARK_CORES,
      driverMemory: values.SPARK_DRIVER_MEMORY,
      shufflePartitions: values.SHUFFLE_PARTITIONS ?? values.SPARK_CORES,
      realTimeShufflePartitions: values.SHUFFLE_PARTITIONS ?? 1,
      workers: values.SPARK_WORKERS,
      workerMemory: values.SPARK_WORKER_MEMORY,
      conf: sparkConf(resolved),
    },
    runtime: runtimeOf(values),
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

/** A checkpoint on HDFS or S3 is of no use to containers, which `auto` would prefer. */
function runtimeOf(values: SettingValues): Config['runtime'] {
  const { SPARK_MASTER, CHECKPOINT_LOCATION, RUNTIME } = values
  if (SPARK_MASTER === 'yarn') return values.SPARK_DEPLOY_MODE === 'cluster' ? 'yarn-cluster' : 'yarn'
  if (SPARK_MASTER?.startsWith('spark://')) return 'standalone'
  if (SPARK_MASTER?.startsWith('k8s://')) return 'kubernetes'
  return RUNTIME === 'auto' && isRemoteCheckpoint(CHECKPOINT_LOCATION) ? 'local' : RUNTIME
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
  const servers = values.KAFKA_SERVERS ?? []
  return {
    servers,
    isGiven: givenServers(servers, values.KAFKA_PORT).length > 0,
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

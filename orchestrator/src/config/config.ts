import type { CpuUnit, InputFormat, TimeUnit } from '../formats/names.ts'
import type { SettingKey } from './settings.ts'

/** The settings of one project folder, parsed and checked: see `settings.ts` for the keys and their defaults. */
export interface Config {
  readonly detector: DetectorConfig
  /** Samples from which on the status of a window is shown before the window is final. */
  readonly minSamples: number
  /** The smallest `NORMAL_STDDEV` that `calibrate` computes, percent. */
  readonly minDeviation: number
  readonly topics: TopicsConfig
  readonly input: InputConfig
  readonly kafka: KafkaConfig
  readonly query: QueryConfig
  readonly spark: SparkConfig
  readonly runtime: RuntimeName | 'auto'
  readonly ports: PortsConfig
  readonly images: { readonly kafka: string; readonly spark: string }
  /** Absolute path of the storage folder, which contains all data of this project folder. */
  readonly storageDir: string
  /** Absolute path of the project folder, where `.env` is read. */
  readonly folder: string
  /** Every setting as text with its origin, in the order of `.env.example`; secrets are in clear text. */
  readonly resolved: readonly ResolvedSetting[]
}

export interface ResolvedSetting {
  readonly key: SettingKey | `SPARK_CONF_${string}`
  readonly value: string
  readonly origin: Origin
  readonly secret: boolean
}

/** Where Spark is; from `standalone` on: the cluster that SPARK_MASTER names, in `yarn-cluster` with the driver in it. */
export const RUNTIMES = ['local', 'docker', 'standalone', 'yarn', 'yarn-cluster', 'kubernetes'] as const
export type RuntimeName = (typeof RUNTIMES)[number]
/** Does SPARK_MASTER choose it, rather than RUNTIME? */
export const isGivenSpark = (runtime: RuntimeName | 'auto'): boolean =>
  runtime === 'standalone' || runtime === 'kubernetes' || isYarn(runtime)

export const isYarn = (runtime: RuntimeName | 'auto'): boolean =>
  runtime === 'yarn' || runtime === 'yarn-cluster'
/** `up`, `submit`: not what the settings say now, but what the running stack or job was started with. */
export type Origin = 'flag' | 'environment' | '.env' | '--settings' | 'default' | 'up' | 'submit'
export type Direction = 'high' | 'low' | 'both'
export type TriggerMode = 'micro-batch' | 'real-time'
export type StateStore = 'memory' | 'rocksdb'
export type GroupBy = 'none' | 'key'
type SecurityProtocol = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'

interface DetectorConfig {
  /** Mean of all samples in normal operation, percent. */
  readonly normalMean: number
  /** Standard deviation of all samples in normal operation, percent. */
  readonly normalStddev: number
  readonly direction: Direction
  readonly windowMs: number
  readonly watermarkMs: number
  readonly maxFutureSkewMs: number
  readonly cpuMin: number | undefined
  readonly cpuMax: number | undefined
  readonly groupBy: GroupBy
  /** Absolute path. */
  readonly baselineFile: string | undefined
}

export interface TopicsConfig {
  readonly input: string
  readonly output: string
  readonly deadLetter: string
  readonly inputPartitions: number
  /** How long results and dead letters are kept. */
  readonly retentionMs: number
}

/** How input records are read. All but the format concerns `json` only. */
export interface InputConfig {
  /** `auto` until `submit` has found out. */
  readonly format: InputFormat | 'auto'
  /** Paths as Spark's `get_json_object` takes them. */
  readonly time: string | undefined
  readonly timeUnit: TimeUnit
  readonly cpu: string | undefined
  readonly cpuUnit: CpuUnit
  /** Undefined: the record's key. */
  readonly series: string | undefined
}

export interface KafkaConfig {
  /** `host:port` of brokers, as KAFKA_SERVERS names them. */
  readonly servers: readonly string[]
  /** They are brokers that this stack did not start. If not, it has one of its own. */
  readonly isGiven: boolean
  readonly securityProtocol: SecurityProtocol
  readonly sasl: KafkaSasl | undefined
  /** Paths of PEM files. */
  readonly ssl: KafkaSsl
}

export interface KafkaSasl {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
  readonly username: string
  readonly password: string
}

interface KafkaSsl {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly keyPassword?: string | undefined
}

interface QueryConfig {
  readonly startingOffsets: 'earliest' | 'latest'
  readonly maxOffsetsPerTrigger: number
  /** As configured; `job/query-plan.ts` decides which mode is used. */
  readonly trigger: TriggerMode | 'auto'
  /** 0: the next micro-batch starts as soon as the last one has ended. */
  readonly triggerIntervalMs: number
  /** The length of a batch in real-time mode, from one commit to the next. */
  readonly checkpointIntervalMs: number
  readonly stateStore: StateStore | 'auto'
}

export interface SparkConfig {
  /** Set only if the user names a cluster of their own. */
  readonly master: string | undefined
  /** Where the driver runs, on YARN: on this machine, or in the cluster. */
  readonly deployMode: 'client' | 'cluster'
  /** The checkpoint, if it is not in the storage folder: an absolute path, or a URI of `hdfs` or `s3a`. */
  readonly checkpoint: string | undefined
  readonly cores: number
  /** Heap size in Spark's notation: `1g`, `512m`. */
  readonly driverMemory: string
  /** State partitions in micro-batch mode. */
  readonly shufflePartitions: number
  /** State partitions in real-time mode, where each occupies a task slot all the time. */
  readonly realTimeShufflePartitions: number
  readonly workers: number
  readonly workerMemory: string
  /** Further Spark properties, by their Spark names. */
  readonly conf: Readonly<Record<string, string>>
}

interface PortsConfig {
  readonly kafka: number
  readonly sparkUi: number
  readonly sparkMasterUi: number
}

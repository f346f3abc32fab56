/** The settings of one project folder, parsed and checked: see `settings.ts` for the keys and their defaults. */
export interface Config {
  readonly detector: DetectorConfig
  readonly topics: TopicsConfig
  readonly kafka: KafkaConfig
  readonly query: QueryConfig
  readonly spark: SparkConfig
  readonly runtime: RuntimeName | 'auto'
  readonly ports: PortsConfig
  readonly images: { readonly kafka: string; readonly spark: string }
  /** Absolute path of the folder that holds everything that belongs to this project folder. */
  readonly storageDir: string
  /** Absolute path of the project folder: where `.env` is read and compose names its project after. */
  readonly folder: string
  /** Where each setting's value came from, by key, for those that are not the default. */
  readonly origins: ReadonlyMap<string, Origin>
  /** Each key as it was resolved, in text form, in the order of `.env.example`; secrets are here in clear. */
  readonly values: ReadonlyMap<string, string>
}

export type RuntimeName = 'local' | 'docker' | 'external'
export type Origin = 'flag' | 'environment' | '.env' | 'default'
export type Direction = 'high' | 'low' | 'both'
export type GroupBy = 'none' | 'key'

export interface DetectorConfig {
  /** Mean of all data in normal operation, percent. */
  readonly normalMean: number
  /** Standard deviation of all data in normal operation, percent. */
  readonly normalStddev: number
  readonly direction: Direction
  readonly windowMs: number
  readonly watermarkMs: number
  readonly maxFutureSkewMs: number
  readonly cpuMin: number | undefined
  readonly cpuMax: number | undefined
  readonly groupBy: GroupBy
}

export interface TopicsConfig {
  readonly input: string
  readonly output: string
  readonly deadLetter: string
  readonly inputPartitions: number
  /** How long results and dead letters are kept. */
  readonly retentionMs: number
}

export interface KafkaConfig {
  /** `host:port` of the user's own brokers, or of the stack's broker by its compose name. */
  readonly servers: readonly string[]
  readonly securityProtocol: 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'
  readonly sasl: KafkaSasl | undefined
  /** Paths of PEM files. */
  readonly ssl: { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly keyPassword?: string }
}

export interface KafkaSasl {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
  readonly username: string
  readonly password: string
}

export interface QueryConfig {
  readonly startingOffsets: 'earliest' | 'latest'
  readonly maxOffsetsPerTrigger: number
  readonly trigger: 'micro-batch' | 'real-time'
  /** 0: the next micro-batch starts as soon as the last one ended. */
  readonly triggerIntervalMs: number
}

export interface SparkConfig {
  /** Set only where the user names a cluster of their own. */
  readonly master: string | undefined
  readonly cores: number
  /** JVM size, as Spark writes it: `1g`, `512m`. */
  readonly driverMemory: string
  readonly shufflePartitions: number
  readonly workers: number
  readonly workerMemory: string
  /** Further Spark properties, by their Spark name: `SPARK_CONF_spark.sql.x=y`. */
  readonly conf: Readonly<Record<string, string>>
}

export interface PortsConfig {
  readonly kafka: number
  readonly sparkUi: number
  readonly sparkMasterUi: number
}

import { CPU_UNITS, TIME_UNITS } from '../formats/names.ts'
import { checkpointLocation } from './checkpoint-location.ts'
import { inputFormat, inputSeries, jsonPath } from './input-parsers.ts'
import {
  absolutePath,
  decimal,
  duration,
  image,
  integer,
  memory,
  minDeviation,
  normalMean,
  normalStddev,
  offsets,
  oneOf,
  type Parser,
  Problem,
  port,
  saslMechanism,
  servers,
  sparkMaster,
  text,
  topic,
} from './parsers.ts'

export interface Setting<T = unknown> {
  readonly section: string
  /** The default, as it would be written in `.env`; empty if there is none. */
  readonly fallback: string
  readonly meaning: string
  readonly parse: Parser<T>
  readonly secret?: boolean
}

const setting = <T>(section: string, fallback: string, meaning: string, parse: Parser<T>) => ({
  section,
  fallback,
  meaning,
  parse,
})

/** A setting without a default; an empty value means no value. */
const optional = <T>(section: string, meaning: string, parse: Parser<T>) =>
  setting(section, '', meaning, (value: string): T | undefined => (value === '' ? undefined : parse(value)))

const secret = (section: string, meaning: string) => ({ ...optional(section, meaning, text), secret: true })

const runtime = (value: string) => {
  if (value.toLowerCase() === 'external')
    throw new Problem('this version has no external runtime yet', 'write auto, local or docker')
  return oneOf('auto', 'local', 'docker')(value)
}

/** Every setting, in the order of `.env.example`. */
export const SETTINGS = {
  NORMAL_MEAN: setting('Detector', '14.5', 'mean of all samples in normal operation, in percent', normalMean),
  NORMAL_STDDEV: setting(
    'Detector',
    '2.7',
    'standard deviation of all samples in normal operation, in percent',
    normalStddev,
  ),
  ANOMALY_DIRECTION: setting(
    'Detector',
    'high',
    'which means are anomalies: high (above normal), low (below normal) or both',
    oneOf('high', 'low', 'both'),
  ),
  WINDOW_DURATION: setting(
    'Detector',
    '500 milliseconds',
    'length of the tumbling windows, in event time',
    duration(1, 86_400_000),
  ),
  WATERMARK_DELAY: setting(
    'Detector',
    '10 seconds',
    'how late a sample may arrive and still count',
    duration(1),
  ),
  MAX_FUTURE_SKEW: setting(
    'Detector',
    '5 minutes',
    'samples further in the future become dead letters',
    duration(0),
  ),
  CPU_MIN: optional('Detector', 'samples below it become dead letters; empty: no limit', decimal),
  CPU_MAX: optional('Detector', 'samples above it become dead letters; empty: no limit', decimal),
  GROUP_BY: setting(
    'Detector',
    'none',
    'none: all samples form one series; key: one series per host that the format names, else per record key',
    oneOf('none', 'key'),
  ),
  BASELINE_FILE: optional(
    'Detector',
    'CSV file with a normal of its own for series and hours of the week; empty: NORMAL_MEAN and NORMAL_STDDEV for all',
    text,
  ),
  MIN_SAMPLES: setting(
    'Detector',
    '10',
    'tail shows a window once it has this many samples, or is final',
    integer(1, 1_000_000),
  ),
  MIN_DEVIATION: setting(
    'Detector',
    '0.1',
    'calibrate computes no NORMAL_STDDEV below it, in percent',
    minDeviation,
  ),

  INPUT_TOPIC: setting('Topics', 'cpu-usage', 'topic of the samples, in the format INPUT_FORMAT', topic),
  OUTPUT_TOPIC: setting(
    'Topics',
    'anomaly',
    'topic of the results, compacted to one record per window',
    topic,
  ),
  DEAD_LETTER_TOPIC: setting(
    'Topics',
    'cpu-usage.dead-letter',
    'topic of the lines that are not valid samples, with the reason',
    topic,
  ),
  INPUT_PARTITIONS: setting(
    'Topics',
    '1',
    'partitions that the input topic is created with',
    integer(1, 1_000),
  ),
  RESULT_RETENTION: setting(
    'Topics',
    '7 days',
    'how long results and dead letters are kept, in topics created with it',
    duration(60_000),
  ),

  INPUT_FORMAT: setting(
    'Input',
    'csv',
    'format of the input records: csv, telegraf, otlp-json, json, metricbeat, fluent-bit, collectd; auto: submit looks at real records',
    inputFormat,
  ),
  INPUT_TIME: optional(
    'Input',
    'json: path of the time in a record, such as $.time or $.meta[0].at; empty with INPUT_TIME_UNIT=record',
    jsonPath,
  ),
  INPUT_TIME_UNIT: setting(
    'Input',
    'ms',
    "json: iso, s, ms, us or ns; record: the time is the Kafka record's own timestamp",
    oneOf(...TIME_UNITS),
  ),
  INPUT_CPU: optional('Input', 'json: path of the CPU usage in a record, such as $.host.cpu', jsonPath),
  INPUT_CPU_UNIT: setting(
    'Input',
    'percent',
    'json: percent, or fraction: 1 is 100 percent',
    oneOf(...CPU_UNITS),
  ),
  INPUT_SERIES: setting(
    'Input',
    'key',
    'json: what names the series with GROUP_BY=key: key, or a path in the record, such as $.host.name',
    inputSeries,
  ),

  KAFKA_SERVERS: optional(
    'Kafka',
    'host:port of brokers that are already there, comma-separated; empty: this stack starts its own',
    servers,
  ),
  KAFKA_USERNAME: optional('Kafka', 'SASL user name; empty: no login', text),
  KAFKA_PASSWORD: secret('Kafka', 'SASL password; empty: no login'),
  KAFKA_SECURITY_PROTOCOL: optional(
    'Kafka',
    'PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL; empty: follows from the other settings',
    oneOf('PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'),
  ),
  KAFKA_SASL_MECHANISM: setting('Kafka', 'PLAIN', 'PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512', saslMechanism),
  KAFKA_SSL_CA: optional('Kafka', "PEM file of the broker's certificate authority", absolutePath),
  KAFKA_SSL_CERT: optional('Kafka', 'PEM file of the client certificate', absolutePath),
  KAFKA_SSL_KEY: optional('Kafka', "PEM file of the client certificate's key", absolutePath),
  KAFKA_SSL_KEY_PASSWORD: secret('Kafka', 'password of KAFKA_SSL_KEY'),

  STARTING_OFFSETS: setting(
    'Query',
    'earliest',
    'where a new checkpoint starts to read: earliest or latest',
    offsets,
  ),
  KAFKA_MAX_OFFSETS_PER_TRIGGER: setting(
    'Query',
    '2000000',
    'maximum records per micro-batch; limits the batches of a backlog',
    integer(1, 1_000_000_000, 2_000_000),
  ),
  TRIGGER: setting(
    'Query',
    'micro-batch',
    'micro-batch; real-time: results within milliseconds, needs more cores; auto: real-time if there are enough cores',
    oneOf('micro-batch', 'real-time', 'auto'),
  ),
  TRIGGER_INTERVAL: setting(
    'Query',
    '450 milliseconds',
    'time from one micro-batch to the next; 0 ms: no pause',
    duration(0, 3_600_000),
  ),
  CHECKPOINT_INTERVAL: setting(
    'Query',
    '1 minute',
    'time from one commit to the next in real-time mode; a restart replays at most this much',
    duration(5_000, 3_600_000), // Spark's own minimum: spark.sql.streaming.realTimeMode.minBatchDuration
  ),
  STATE_STORE: setting(
    'Query',
    'auto',
    'memory, rocksdb, or auto: rocksdb with GROUP_BY=key and in real-time mode, else memory',
    oneOf('auto', 'memory', 'rocksdb'),
  ),

  RUNTIME: setting(
    'Spark',
    'auto',
    'local (no Docker), docker, or auto: docker if an engine answers',
    runtime,
  ),
  SPARK_MASTER: optional(
    'Spark',
    'spark://host:7077: a standalone cluster that is already there; yarn: the one of HADOOP_CONF_DIR; k8s://https://host:6443: a Kubernetes; empty: the Spark that RUNTIME starts',
    sparkMaster,
  ),
  SPARK_DEPLOY_MODE: setting(
    'Spark',
    'client',
    'with SPARK_MASTER=yarn: client: the driver runs on this machine; cluster: it runs in the cluster, and YARN restarts it',
    oneOf('client', 'cluster'),
  ),
  CHECKPOINT_LOCATION: optional(
    'Spark',
    'hdfs://host:8020/path, s3a://bucket/path or, with SPARK_MASTER, file:///folder on a disk that all its workers and this machine share; empty: in STORAGE_DIR',
    checkpointLocation,
  ),
  SPARK_CORES: setting('Spark', '2', 'cores that Spark uses', integer(1, 1_024)),
  SPARK_DRIVER_MEMORY: setting('Spark', '768m', "heap of the driver's JVM", memory),
  SHUFFLE_PARTITIONS: optional(
    'Spark',
    'partitions of the state, fixed by the first submit; empty: SPARK_CORES, or 1 in real-time mode',
    integer(1, 10_000),
  ),
  SPARK_WORKERS: setting('Spark', '1', 'number of workers (docker runtime)', integer(1, 100)),
  SPARK_WORKER_MEMORY: setting(
    'Spark',
    '1g',
    'memory per worker (docker runtime), or per executor (SPARK_MASTER)',
    memory,
  ),

  KAFKA_PORT: setting('Ports, on 127.0.0.1', '9093', "port of this stack's own broker", port),
  SPARK_UI_PORT: setting('Ports, on 127.0.0.1', '4040', "port of Spark's UI", port),
  SPARK_MASTER_UI_PORT: setting(
    'Ports, on 127.0.0.1',
    '8080',
    "port of the master's UI: of the docker runtime, or of a standalone SPARK_MASTER",
    port,
  ),

  KAFKA_IMAGE: setting(
    'Images and storage',
    'apache/kafka:4.3.1',
    'image of the broker (docker runtime)',
    image,
  ),
  SPARK_IMAGE: setting(
    'Images and storage',
    'apache/spark:4.3.0-scala2.13-java17-python3-ubuntu',
    'image of master, workers and driver (docker runtime), or of driver and executors (Kubernetes)',
    image,
  ),
  STORAGE_DIR: setting(
    'Images and storage',
    'storage',
    'folder of Kafka data, checkpoint and logs, relative to the project folder',
    text,
  ),
} satisfies Readonly<Record<string, Setting>>

export type SettingKey = keyof typeof SETTINGS
export type SettingValues = { readonly [K in SettingKey]: ReturnType<(typeof SETTINGS)[K]['parse']> }

/** `SETTINGS` as a list, each entry with its general type. */
export const settingEntries = Object.entries(SETTINGS) as readonly (readonly [SettingKey, Setting])[]

/** Prefix of settings that are passed to Spark: `SPARK_CONF_spark.sql.x=y`. */
export const SPARK_CONF_PREFIX = 'SPARK_CONF_'

/** Spark's own variable SPARK_CONF_DIR has the prefix, too, but does not name a property: those begin with `spark.`. */
export const isSparkConf = (key: string): key is `SPARK_CONF_${string}` =>
  key.startsWith(`${SPARK_CONF_PREFIX}spark.`)

export const isOwnKey = (key: string): boolean => isSparkConf(key) || Object.hasOwn(SETTINGS, key)

/** Names that other tools use too: a `.env` that has only these may be theirs. */
export const isCommonName = (key: string): boolean =>
  /^(?:KAFKA_|SPARK_(?!CONF_)|(?:RUNTIME|TRIGGER|STORAGE_DIR)$)/.test(key)

export const SECRET_KEYS: ReadonlySet<string> = new Set(
  settingEntries.filter(([, entry]) => entry.secret).map(([key]) => key),
)

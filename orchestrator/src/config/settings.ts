import {
  absolutePath,
  decimal,
  duration,
  image,
  integer,
  memory,
  offsets,
  oneOf,
  type Parser,
  Problem,
  port,
  positiveDecimal,
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
  NORMAL_MEAN: setting('Detector', '14.5', 'mean of all data in normal operation, percent', decimal),
  NORMAL_STDDEV: setting(
    'Detector',
    '2.7',
    'standard deviation of all data in normal operation, percent',
    positiveDecimal,
  ),
  ANOMALY_DIRECTION: setting(
    'Detector',
    'high',
    'high: a mean above normal is an anomaly; low: below; both',
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
    'how late a sample may come and still count',
    duration(1),
  ),
  MAX_FUTURE_SKEW: setting(
    'Detector',
    '5 minutes',
    'a sample from further in the future is a dead letter',
    duration(0),
  ),
  CPU_MIN: optional('Detector', 'a smaller value is a dead letter; empty: no bound', decimal),
  CPU_MAX: optional('Detector', 'a larger value is a dead letter; empty: no bound', decimal),
  GROUP_BY: setting(
    'Detector',
    'none',
    'none: all samples together; key: one series per record key (host)',
    oneOf('none', 'key'),
  ),

  INPUT_TOPIC: setting('Topics', 'cpu-usage', 'samples: time_millis,cpu', topic),
  OUTPUT_TOPIC: setting('Topics', 'anomaly', 'results, compacted: one row a window', topic),
  DEAD_LETTER_TOPIC: setting(
    'Topics',
    'cpu-usage.dead-letter',
    'records that are no samples, with the reason',
    topic,
  ),
  INPUT_PARTITIONS: setting(
    'Topics',
    '1',
    'partitions of the input topic when it is created',
    integer(1, 1_000),
  ),
  RESULT_RETENTION: setting(
    'Topics',
    '7 days',
    'how long results and dead letters are kept',
    duration(60_000),
  ),

  KAFKA_SERVERS: optional('Kafka', "host:port of your own brokers; empty: this stack's broker", servers),
  KAFKA_USERNAME: optional('Kafka', 'for SASL; empty: none', text),
  KAFKA_PASSWORD: secret('Kafka', 'for SASL; empty: none'),
  KAFKA_SECURITY_PROTOCOL: optional(
    'Kafka',
    'PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL; empty: what the other settings call for',
    oneOf('PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'),
  ),
  KAFKA_SASL_MECHANISM: setting(
    'Kafka',
    'PLAIN',
    'PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512',
    oneOf('PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'),
  ),
  KAFKA_SSL_CA: optional('Kafka', "PEM file of the broker's certificate authority", absolutePath),
  KAFKA_SSL_CERT: optional('Kafka', 'PEM file of the client certificate', absolutePath),
  KAFKA_SSL_KEY: optional('Kafka', "PEM file of the client certificate's key", absolutePath),
  KAFKA_SSL_KEY_PASSWORD: secret('Kafka', 'password of that key'),

  STARTING_OFFSETS: setting(
    'Query',
    'earliest',
    'where a new checkpoint begins: earliest or latest',
    offsets,
  ),
  KAFKA_MAX_OFFSETS_PER_TRIGGER: setting(
    'Query',
    '2000000',
    "records a micro-batch reads at most: bounds a backlog's batch",
    integer(1, 1_000_000_000),
  ),
  TRIGGER: setting(
    'Query',
    'micro-batch',
    'micro-batch; real-time: results in milliseconds, more cores; auto: real-time where it fits',
    oneOf('micro-batch', 'real-time', 'auto'),
  ),
  TRIGGER_INTERVAL: setting(
    'Query',
    '450 milliseconds',
    'time between two micro-batches; 0 ms: at once',
    duration(0, 3_600_000),
  ),
  CHECKPOINT_INTERVAL: setting(
    'Query',
    '1 minute',
    'time between two commits in real-time mode; a restart replays up to this much',
    duration(5_000, 3_600_000), // Spark's own minimum: spark.sql.streaming.realTimeMode.minBatchDuration
  ),
  STATE_STORE: setting(
    'Query',
    'auto',
    'memory, rocksdb, or auto: rocksdb for GROUP_BY=key and for real-time mode',
    oneOf('auto', 'memory', 'rocksdb'),
  ),

  RUNTIME: setting('Spark', 'auto', 'auto, local (no Docker) or docker', runtime),
  SPARK_MASTER: optional('Spark', 'a cluster of your own; empty: what the runtime starts', sparkMaster),
  SPARK_CORES: setting('Spark', '2', 'cores for Spark', integer(1, 1_024)),
  SPARK_DRIVER_MEMORY: setting('Spark', '768m', "heap of the driver's JVM", memory),
  SHUFFLE_PARTITIONS: optional(
    'Spark',
    'state partitions, fixed by the first submit; empty: SPARK_CORES, in real-time mode 1',
    integer(1, 10_000),
  ),
  SPARK_WORKERS: setting('Spark', '1', 'workers (docker runtime)', integer(1, 100)),
  SPARK_WORKER_MEMORY: setting('Spark', '1g', 'memory of a worker (docker runtime)', memory),

  KAFKA_PORT: setting('Ports, on 127.0.0.1', '9093', "this stack's broker", port),
  SPARK_UI_PORT: setting('Ports, on 127.0.0.1', '4040', "Spark's UI", port),
  SPARK_MASTER_UI_PORT: setting('Ports, on 127.0.0.1', '8080', "the master's UI (docker runtime)", port),

  KAFKA_IMAGE: setting('Images and storage', 'apache/kafka:4.3.1', 'for the docker runtime', image),
  SPARK_IMAGE: setting(
    'Images and storage',
    'apache/spark:4.3.0-scala2.13-java17-python3-ubuntu',
    'for the docker runtime',
    image,
  ),
  STORAGE_DIR: setting(
    'Images and storage',
    'storage',
    'Kafka data, checkpoint, logs; relative to this folder',
    text,
  ),
} satisfies Readonly<Record<string, Setting>>

export type SettingKey = keyof typeof SETTINGS
export type SettingValues = { readonly [K in SettingKey]: ReturnType<(typeof SETTINGS)[K]['parse']> }

/** `SETTINGS` as a list, each entry with its general type. */
export const settingEntries = Object.entries(SETTINGS) as readonly (readonly [SettingKey, Setting])[]

/** Prefix of settings that are passed to Spark: `SPARK_CONF_spark.sql.x=y`. */
export const SPARK_CONF_PREFIX = 'SPARK_CONF_'

export const SECRET_KEYS: ReadonlySet<string> = new Set(
  settingEntries.filter(([, entry]) => entry.secret).map(([key]) => key),
)

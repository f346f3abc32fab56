import { mkdir, readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { newFolder } from '../system/folder.fixture.ts'
import { parseEnvText } from './env-lines.ts'
import {
  type AcceptedInput,
  expectAccepted,
  expectRefused,
  load,
  problemsOf,
  type RefusedLine,
} from './load.fixture.ts'
import { resolveSettings } from './resolve.ts'
import { parseSettings, toConfig } from './to-config.ts'

const LONG_TOPIC = 'a'.repeat(250)

const REFUSED: readonly RefusedLine[] = [
  ...['0', '-1', 'NaN', 'Infinity', '1e999', '', '   ', '2,7'].map(
    (value) =>
      [
        `NORMAL_STDDEV=${value}`,
        `NORMAL_STDDEV=${value.trim()}: `,
        'not a finite number above 0',
        'write one such as 2.7',
      ] as const,
  ),
  ['NORMAL_MEAN=14,5', 'NORMAL_MEAN=14,5: ', 'not a decimal number', 'write one such as 14.5'],
  ['NORMAL_MEAN=14.5%', 'NORMAL_MEAN=14.5%: ', 'not a decimal number', 'write one such as 14.5'],
  ['NORMAL_MEAN=1_000', 'NORMAL_MEAN=1_000: ', 'not a decimal number', 'write one such as 1000'],
  ['NORMAL_MEAN=0x10', 'NORMAL_MEAN=0x10: ', 'not a decimal number', 'write one such as 14.5'],
  ['NORMAL_MEAN=', 'NORMAL_MEAN=: ', 'not a decimal number', 'write one such as 14.5'],
  ['NORMAL_MEAN=NaN', 'NORMAL_MEAN=NaN: ', 'not a decimal number', 'write one such as 14.5'],
  ['CPU_MIN=low', 'CPU_MIN=low: ', 'not a decimal number', 'write one such as'],
  ['CPU_MAX=1e999', 'CPU_MAX=1e999: ', 'not a decimal number', 'write one such as'],

  [
    'KAFKA_SERVERS=localhost',
    'KAFKA_SERVERS=localhost: ',
    'entry 1 (localhost) has no port',
    'localhost:9093',
  ],
  [
    'KAFKA_SERVERS=host:99999',
    'KAFKA_SERVERS=host:99999: ',
    'entry 1 (host:99999) has no port from 1',
    'host:',
  ],
  ['KAFKA_SERVERS=host:0', 'KAFKA_SERVERS=host:0: ', 'entry 1 (host:0) has no port from 1 to 65535', 'host:'],
  ['KAFKA_SERVERS=host:9o92', 'KAFKA_SERVERS=host:9o92: ', 'has no port from 1 to 65535', 'write host:port'],
  [
    'KAFKA_SERVERS=http://h:9092',
    'KAFKA_SERVERS=http://h:9092: ',
    '(http://h:9092) has a scheme',
    'write h:9092',
  ],
  ['KAFKA_SERVERS=a:1,b:2,', 'KAFKA_SERVERS=a:1,b:2,: ', 'entry 3 is empty', 'single commas'],
  ['KAFKA_SERVERS=a:1,,b:2', 'KAFKA_SERVERS=a:1,,b:2: ', 'entry 2 is empty', 'single commas'],
  ['KAFKA_SERVERS=a:1 b:2', 'KAFKA_SERVERS=a:1 b:2: ', 'entry 1 (a:1 b:2) has a blank', 'by commas'],
  ['KAFKA_SERVERS=u:p@h:1', 'KAFKA_SERVERS=u:p@h:1: ', 'entry 1 has a login', 'KAFKA_PASSWORD'],
  ['KAFKA_SERVERS=:9092', 'KAFKA_SERVERS=:9092: ', 'entry 1 (:9092) has no host', 'such as localhost:9093'],
  [
    'KAFKA_SERVERS="a:1\\nb:2"',
    'KAFKA_SERVERS=a:1\\nb:2: ',
    'entry 1 (a:1\\nb:2) has no host',
    'write host:port',
  ],

  ...['INPUT_TOPIC', 'OUTPUT_TOPIC', 'DEAD_LETTER_TOPIC'].flatMap((key) =>
    ['a b', '..', '.', '../x', '', 'ä'].map(
      (value) => [`${key}=${value}`, `${key}=${value}: `, 'not a topic name', 'use 1 to 249 of'] as const,
    ),
  ),
  [`INPUT_TOPIC=${LONG_TOPIC}`, 'INPUT_TOPIC=aaaa', 'not a topic name (250 characters)', 'use 1 to 249 of'],

  ['SPARK_MASTER=local[2]', 'SPARK_MASTER=local[2]: ', 'has no master to name', 'leave it empty'],
  [
    'KAFKA_SASL_MECHANISM=gssapi',
    'KAFKA_SASL_MECHANISM=gssapi: ',
    'Kerberos, OAuth and IAM are not supported',
    'use a SCRAM user',
  ],
  ['SPARK_MASTER=YARN', 'SPARK_MASTER=YARN: ', 'not a master that Spark knows', 'write yarn'],
  [
    'SPARK_MASTER=spark://a:7077,spark://b:7077',
    'SPARK_MASTER=spark://a:7077,spark://b:7077: ',
    'names the scheme more than once',
    'spark://host:7077,host:7077',
  ],
  [
    'SPARK_MASTER=spark://a:7077,b:99999',
    'SPARK_MASTER=spark://a:7077,b:99999: ',
    'the port (1 to 65535) of the master is missing or wrong',
    'spark://host:7077',
  ],
  [
    'SPARK_MASTER=spark://h',
    'SPARK_MASTER=spark://h: ',
    'the port (1 to 65535) of the master is missing or wrong',
    'spark://host:7077',
  ],
  [
    'SPARK_MASTER=k8s://h:x',
    'SPARK_MASTER=k8s://h:x: ',
    'the port (1 to 65535) of the master is missing or wrong',
    'k8s://https://host:6443',
  ],
  [
    'SPARK_MASTER=mesos://h:5050',
    'SPARK_MASTER=mesos://h:5050: ',
    'not a master that Spark knows',
    'write spark://',
  ],
  ['RUNTIME=external', 'RUNTIME=external: ', 'no external runtime yet', 'write auto, local or docker'],
  ['RUNTIME=podman', 'RUNTIME=podman: ', 'not one of the choices', 'write one of auto, local, docker'],
  ['TRIGGER=continuous', 'TRIGGER=continuous: ', 'not one of the choices', 'real-time, auto'],
  [
    'CHECKPOINT_INTERVAL=4 seconds',
    'CHECKPOINT_INTERVAL=4 seconds: ',
    'shorter than 5000 ms',
    'write at least 5000 ms',
  ],
  ['INPUT_FORMAT=xml', 'INPUT_FORMAT=xml: ', 'not one of the formats', 'write one of csv, telegraf'],
  ['INPUT_FORMAT=influx', 'INPUT_FORMAT=influx: ', 'not one of the formats', 'write telegraf'],
  ...['otlp_proto', 'otlp-proto', 'protobuf', 'OTLP_PROTO'].map(
    (value) =>
      [`INPUT_FORMAT=${value}`, `INPUT_FORMAT=${value}: `, 'does not read', 'encoding: otlp_json'] as const,
  ),
  ['INPUT_FORMAT=avro', 'INPUT_FORMAT=avro: ', 'does not read', 'write json with INPUT_CPU'],
  ['INPUT_FORMAT=prometheus', 'INPUT_FORMAT=prometheus: ', 'counts CPU time', 'recording rule'],
  ...['$', '$..cpu', '$.*', 'cpu[-1]', 'cpu[*]', '$[?(@.a)]', 'a b', '.', "$['a"].map(
    (value) =>
      [
        `--set INPUT_CPU=${value}`,
        `INPUT_CPU=${value}: `,
        'not the path of one value',
        'such as $.host.cpu',
      ] as const,
  ),
  [`--set INPUT_CPU=["it's 1.5"]`, 'INPUT_CPU=["it', 'has a key that Spark cannot name', 'name that field'],
  ['INPUT_TIME_UNIT=minutes', 'INPUT_TIME_UNIT=minutes: ', 'not one of the choices', 'write one of iso, s'],
  ['INPUT_CPU_UNIT=%', 'INPUT_CPU_UNIT=%: ', 'not one of the choices', 'write one of percent, fraction'],
  ['STATE_STORE=disk', 'STATE_STORE=disk: ', 'not one of the choices', 'memory, rocksdb'],

  ['WINDOW_DURATION=0', 'WINDOW_DURATION=0: ', 'not a duration', 'a positive number with a unit'],
  ['WINDOW_DURATION=0 ms', 'WINDOW_DURATION=0 ms: ', 'shorter than 1 ms', 'write at least 1 ms'],
  ['WINDOW_DURATION=-500 ms', 'WINDOW_DURATION=-500 ms: ', 'not a duration', 'a positive number with a unit'],
  ['WINDOW_DURATION=500', 'WINDOW_DURATION=500: ', 'not a duration', 'such as 500 milliseconds'],
  [
    'WINDOW_DURATION=0.1 ms',
    'WINDOW_DURATION=0.1 ms: ',
    'not a whole number of milliseconds',
    '500 milliseconds',
  ],
  ['WINDOW_DURATION=2 days', 'WINDOW_DURATION=2 days: ', 'longer than 24 hours', 'write a shorter one'],
  ['WATERMARK_DELAY=366 days', 'WATERMARK_DELAY=366 days: ', 'longer than 365 days', 'write a shorter one'],
  ['TRIGGER_INTERVAL=2 hours', 'TRIGGER_INTERVAL=2 hours: ', 'longer than 1 hour', 'write a shorter one'],
  ['WATERMARK_DELAY=0', 'WATERMARK_DELAY=0: ', 'not a duration', 'a positive number with a unit'],
  ['WATERMARK_DELAY=0 ms', 'WATERMARK_DELAY=0 ms: ', 'shorter than 1 ms', 'write at least 1 ms'],

  ...[
    'INPUT_PARTITIONS',
    'KAFKA_MAX_OFFSETS_PER_TRIGGER',
    'SPARK_CORES',
    'SHUFFLE_PARTITIONS',
    'SPARK_WORKERS',
  ]
    .concat('KAFKA_PORT', 'SPARK_UI_PORT', 'SPARK_MASTER_UI_PORT')
    .flatMap((key) =>
      ['0', '-1', '1.5', '99999999999999999999', 'abc', '1e3'].map(
        (value) =>
          [`${key}=${value}`, `${key}=${value}: `, 'not a whole number from 1 to', 'write one'] as const,
      ),
    ),
  ...['SPARK_DRIVER_MEMORY', 'SPARK_WORKER_MEMORY'].flatMap((key) =>
    ['0', '0g', '-1g', '1.5g', '9999999g', 'abc', '1', '100m'].map(
      (value) =>
        [`${key}=${value}`, `${key}=${value}: `, 'not a memory size from 512m', 'such as 1g'] as const,
    ),
  ),

  ['KAFKA_PASSWORD="hu\\nsh"', 'KAFKA_PASSWORD=***: ', 'contains a line break', 'write it on one line'],
  [
    'KAFKA_SECURITY_PROTOCOL=TLS',
    'KAFKA_SECURITY_PROTOCOL=TLS: ',
    'not one of the choices',
    'PLAINTEXT, SSL',
  ],
  ['KAFKA_SSL_CA=ca.pem', 'KAFKA_SSL_CA=ca.pem: ', 'not an absolute path', 'write the full path'],
]

describe('a value that does not parse', () => {
  it.each(REFUSED)('%j is refused in one line', expectRefused)

  it('is shortened in its problem if it is very long', async () => {
    const [problem = ''] = await problemsOf({ set: [`INPUT_TOPIC=${'a'.repeat(100_000)}`] })
    expect(problem.length).toBeLessThan(250)
  })
})

describe('a value that looks odd', () => {
  it.each<AcceptedInput>([
    ['an empty KAFKA_SERVERS, for the own broker', { env: 'KAFKA_SERVERS=\n' }, { kafka: { servers: [] } }],
    [
      'the own broker by its address',
      { env: 'KAFKA_SERVERS=localhost:9093' },
      { kafka: { servers: ['localhost:9093'] } },
    ],
    ['a negative mean in normal operation', { env: 'NORMAL_MEAN=-3e-1' }, { detector: { normalMean: -0.3 } }],
    ['a choice in another case', { env: 'ANOMALY_DIRECTION=Both' }, { detector: { direction: 'both' } }],
    ['a fraction of a second', { env: 'WINDOW_DURATION=2.01 s' }, { detector: { windowMs: 2010 } }],
    [
      'the paths of JSON records, as Spark takes them',
      {
        set: [
          'INPUT_FORMAT=JSON',
          'INPUT_TIME=@timestamp',
          'INPUT_TIME_UNIT=ISO',
          `INPUT_CPU=["host.cpu"].pct[0]`,
          'INPUT_CPU_UNIT=fraction',
          "INPUT_SERIES=$['host name']",
          'GROUP_BY=key',
        ],
      },
      {
        input: {
          format: 'json',
          time: '$.@timestamp',
          timeUnit: 'iso',
          cpu: "$['host.cpu'].pct[0]",
          cpuUnit: 'fraction',
          series: "$['host name']",
        },
      },
    ],
    [
      "the Kafka record's own time",
      { env: 'INPUT_FORMAT=json\nINPUT_CPU=cpu\nINPUT_TIME_UNIT=record\n' },
      { input: { time: undefined, timeUnit: 'record', cpu: '$.cpu', series: undefined } },
    ],
    ['no trigger interval', { env: 'TRIGGER_INTERVAL=0 ms' }, { query: { triggerIntervalMs: 0 } }],
    [
      'the number of shuffle partitions from the cores',
      { env: 'SPARK_CORES=3' },
      { spark: { shufflePartitions: 3, realTimeShufflePartitions: 1 } },
    ],
    [
      'the number of shuffle partitions as set, in each mode',
      { env: 'SPARK_CORES=3\nSHUFFLE_PARTITIONS=2' },
      { spark: { shufflePartitions: 2, realTimeShufflePartitions: 2 } },
    ],
    [
      'real-time mode with its interval and its state',
      { env: 'TRIGGER=Real-Time\nCHECKPOINT_INTERVAL=5 s\nSTATE_STORE=RocksDB' },
      { query: { trigger: 'real-time', checkpointIntervalMs: 5_000, stateStore: 'rocksdb' } },
    ],
  ])('is accepted: %s', expectAccepted)
})

describe('the security protocol', () => {
  const login = 'KAFKA_USERNAME=u\nKAFKA_PASSWORD=p\n'
  it.each([
    ['nothing', '', 'PLAINTEXT'],
    ['a login', login, 'SASL_PLAINTEXT'],
    ['a certificate authority', 'KAFKA_SSL_CA=/ca.pem\n', 'SSL'],
    ['both', `${login}KAFKA_SSL_CA=/ca.pem\n`, 'SASL_SSL'],
    ['a login and its own setting', `${login}KAFKA_SECURITY_PROTOCOL=sasl_ssl\n`, 'SASL_SSL'],
  ])('follows from %s', (_, env, expected) => {
    // Not with `load`, whose rules refuse what this stack's own broker does not do.
    const resolved = resolveSettings([['.env', parseEnvText(env, '.env').values]])
    expect(toConfig(parseSettings(resolved).values, resolved, '/').kafka.securityProtocol).toBe(expected)
  })
})

describe('the storage folder', () => {
  it.each(['storage', 'new/deep', './storage/', `it's "odd" $(id) {{7*7}}`])('may be %j', async (dir) => {
    const { config } = await load({ set: [`STORAGE_DIR=${dir}`] })
    expect(config.storageDir).toBe(join(config.folder, dir).replace(/\/$/, ''))
    expect(await readdir(config.folder)).toEqual([])
  })

  it('may be elsewhere, and is not followed if it is a link', async () => {
    const folder = await newFolder()
    const elsewhere = await newFolder()
    expect((await load({ set: [`STORAGE_DIR=${elsewhere}`] }, folder)).config.storageDir).toBe(elsewhere)
    await mkdir(join(folder, 'data'))
    await symlink('data', join(folder, 'link'))
    expect((await load({ set: ['STORAGE_DIR=link'] }, folder)).config.storageDir).toBe(join(folder, 'link'))
  })
})

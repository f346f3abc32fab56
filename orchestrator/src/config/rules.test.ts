import { describe, expect, it } from 'vitest'
import {
  type AcceptedInput,
  expectAccepted,
  expectRefused,
  load,
  problemsOf,
  type RefusedLine,
} from './load.fixture.ts'
import { maskedSettings } from './load.ts'
import { checkRules } from './rules.ts'

const REFUSED: readonly RefusedLine[] = [
  [
    'OUTPUT_TOPIC=cpu-usage',
    'OUTPUT_TOPIC=cpu-usage: ',
    'is also INPUT_TOPIC, which makes a feedback loop',
    'different names',
  ],
  [
    'OUTPUT_TOPIC=cpu-usage_dead-letter',
    'DEAD_LETTER_TOPIC: ',
    'differs from OUTPUT_TOPIC only in . and _',
    'different names',
  ],
  [
    'SPARK_MASTER=spark://m:7077\nCHECKPOINT_LOCATION=hdfs://h/cp\nKAFKA_SERVERS=Localhost:19092,127.0.0.1:19093',
    'KAFKA_SERVERS=Localhost:19092,127.0.0.1:19093: ',
    'for the workers of SPARK_MASTER=spark://m:7077 this means their own machine',
    'addresses that all machines reach',
  ],
  [
    'SPARK_MASTER=k8s://https://h:6443\nCHECKPOINT_LOCATION=hdfs://h/cp\nKAFKA_SERVERS=127.0.0.1:19092',
    'KAFKA_SERVERS=127.0.0.1:19092: ',
    'for the pods of SPARK_MASTER=k8s://https://h:6443 this means their own machine',
    'addresses that all machines reach',
  ],
  ['INPUT_TOPIC=__consumer_offsets', 'INPUT_TOPIC=__', 'internal topics of Kafka', 'leave out the __'],
  ['KAFKA_PORT=0', 'KAFKA_PORT=0: ', 'from 1 to 65535', 'such as 19093'],
  ['DEAD_LETTER_TOPIC=anomaly', 'DEAD_LETTER_TOPIC=anomaly: ', 'is also OUTPUT_TOPIC', 'different names'],
  [
    'INPUT_TOPIC=cpu-usage.dead-letter',
    'DEAD_LETTER_TOPIC=',
    'is also INPUT_TOPIC, which makes a feedback loop',
    'different names',
  ],

  ['SPARK_MASTER=yarn', 'SPARK_MASTER=yarn: ', 'nodes cannot reach STORAGE_DIR', 'set CHECKPOINT_LOCATION'],
  [
    'SPARK_MASTER=yarn\nCHECKPOINT_LOCATION=file:///cp\nRUNTIME=local',
    'RUNTIME=local: ',
    'SPARK_MASTER names the Spark to use',
    'leave one of them out',
  ],
  [
    'SPARK_DEPLOY_MODE=cluster',
    'SPARK_DEPLOY_MODE=cluster: ',
    'only YARN runs the driver',
    'set SPARK_MASTER=yarn',
  ],
  [
    'SPARK_MASTER=yarn\nCHECKPOINT_LOCATION=file:///cp\nSPARK_CONF_spark.yarn.tags=x',
    'SPARK_CONF_spark.yarn.tags: ',
    'is set by cpu-anomaly',
    'remove it',
  ],
  [
    'SPARK_MASTER=yarn\nCHECKPOINT_LOCATION=file:///cp\nSPARK_CONF_spark.driver.cores=2',
    'SPARK_CONF_spark.driver.cores: ',
    'only in cluster mode',
    'remove it',
  ],
  [
    'SPARK_MASTER=spark://h:7077\nCHECKPOINT_LOCATION=file:///cp',
    'SPARK_MASTER=spark://h:7077: ',
    "cannot reach this stack's own broker",
    'set KAFKA_SERVERS',
  ],
  [
    'SPARK_MASTER=spark://h:7077\nKAFKA_SERVERS=k:9092',
    'SPARK_MASTER=spark://h:7077: ',
    'cannot reach STORAGE_DIR',
    'set CHECKPOINT_LOCATION=hdfs://',
  ],
  [
    'SPARK_MASTER=spark://127.0.0.1:7077\nRUNTIME=docker',
    'RUNTIME=docker: ',
    'SPARK_MASTER names the Spark to use',
    'leave one of them out',
  ],
  [
    'CHECKPOINT_LOCATION=file:///cp',
    'CHECKPOINT_LOCATION=file:///cp: ',
    'does nothing without SPARK_MASTER',
    'leave it empty',
  ],
  [
    'RUNTIME=docker\nCHECKPOINT_LOCATION=hdfs://h/cp',
    'CHECKPOINT_LOCATION=hdfs://h/cp: ',
    'does nothing with RUNTIME=docker',
    'set RUNTIME=local',
  ],
  [
    'SPARK_CONF_spark.hadoop.fs.s3a.secret.key=x',
    'SPARK_CONF_spark.hadoop.fs.s3a.secret.key: ',
    'no effect without CHECKPOINT_LOCATION=s3a://',
    'remove it',
  ],
  [
    'SPARK_MASTER=spark://127.0.0.1:7077\nCHECKPOINT_LOCATION=/cp',
    'CHECKPOINT_LOCATION=/cp: ',
    'not the URI of a folder',
    'write file:///folder',
  ],

  ['KAFKA_PORT=4040', 'SPARK_UI_PORT=4040: ', 'is also KAFKA_PORT', 'give each a port of its own'],
  ['SPARK_MASTER_UI_PORT=4040', 'SPARK_MASTER_UI_PORT=4040: ', 'is also SPARK_UI_PORT', 'a port of its own'],
  ['CPU_MIN=5\nCPU_MAX=5', 'CPU_MAX=5: ', 'is not above CPU_MIN=5', 'write a larger one'],

  ...[
    'INPUT_TIME=$.t',
    'INPUT_TIME_UNIT=s',
    'INPUT_CPU=$.c',
    'INPUT_CPU_UNIT=fraction',
    'INPUT_SERIES=$.h',
  ].map((line) => [line, `${line}: `, 'does nothing with INPUT_FORMAT=csv', 'INPUT_FORMAT=json'] as const),
  [
    'INPUT_FORMAT=telegraf\nINPUT_CPU=$.c',
    'INPUT_CPU=$.c: ',
    'does nothing with INPUT_FORMAT=telegraf',
    'leave it out',
  ],
  ['INPUT_FORMAT=json\nINPUT_TIME=t', 'INPUT_CPU: ', 'INPUT_FORMAT=json needs it', 'such as $.host.cpu'],
  ['INPUT_FORMAT=json\nINPUT_CPU=c', 'INPUT_TIME: ', 'INPUT_FORMAT=json needs it', 'INPUT_TIME_UNIT=record'],
  [
    'INPUT_FORMAT=json\nINPUT_CPU=c\nINPUT_TIME=t\nINPUT_TIME_UNIT=record',
    'INPUT_TIME=t: ',
    'does nothing with INPUT_TIME_UNIT=record',
    'leave it empty',
  ],

  ['KAFKA_USERNAME=me', 'KAFKA_USERNAME=me: ', 'KAFKA_PASSWORD is not set', 'set both or neither'],
  ['KAFKA_PASSWORD=hush', 'KAFKA_PASSWORD=***: ', 'KAFKA_USERNAME is not set', 'set both or neither'],
  [
    'KAFKA_SECURITY_PROTOCOL=SSL',
    'KAFKA_SECURITY_PROTOCOL=SSL: ',
    'only PLAINTEXT without',
    'leave it empty',
  ],
  [
    'KAFKA_SECURITY_PROTOCOL=SASL_SSL',
    'KAFKA_SECURITY_PROTOCOL=SASL_SSL: ',
    'only PLAINTEXT',
    'leave it empty',
  ],
  [
    'KAFKA_SECURITY_PROTOCOL=SASL_PLAINTEXT',
    'KAFKA_SECURITY_PROTOCOL=SASL_PLAINTEXT: ',
    'only PLAINTEXT without KAFKA_USERNAME',
    'leave it empty',
  ],
  [
    'KAFKA_USERNAME=u\nKAFKA_PASSWORD=p\nKAFKA_SECURITY_PROTOCOL=PLAINTEXT',
    'KAFKA_SECURITY_PROTOCOL=PLAINTEXT: ',
    'only SASL_PLAINTEXT with KAFKA_USERNAME',
    'leave it empty',
  ],
  [
    'KAFKA_SASL_MECHANISM=scram-sha-512',
    'KAFKA_SASL_MECHANISM=SCRAM-SHA-512: ',
    'only PLAIN',
    'leave it out',
  ],
  ['KAFKA_SSL_CA=/c.pem', 'KAFKA_SSL_CA: ', 'has no TLS', 'leave it empty'],
  ['KAFKA_SSL_CERT=/c.pem', 'KAFKA_SSL_CERT: ', 'has no TLS', 'leave it empty'],
  ['KAFKA_SSL_KEY=/c.pem', 'KAFKA_SSL_KEY: ', 'has no TLS', 'leave it empty'],
  ['KAFKA_SSL_KEY_PASSWORD=hush', 'KAFKA_SSL_KEY_PASSWORD: ', 'has no TLS', 'leave it empty'],
  [
    'SPARK_CONF_spark.ui.killEnabled=true',
    'SPARK_CONF_spark.ui.killEnabled: ',
    'is set by cpu-anomaly',
    'remove it',
  ],
  [
    'SPARK_CONF_spark.hadoop.fs.defaultFS=hdfs://x',
    'SPARK_CONF_spark.hadoop.fs.defaultFS: ',
    'is set by cpu-anomaly',
    'remove it',
  ],
  [
    'SPARK_CONF_spark.x.password=hush',
    'SPARK_CONF_spark.x.password: ',
    'looks like a secret',
    'keep it in a file',
  ],
  [
    'TRIGGER=real-time\nSTATE_STORE=memory',
    'STATE_STORE=memory: ',
    'only in RocksDB',
    'write rocksdb or auto',
  ],
]

describe('settings that contradict each other or this version', () => {
  it.each(REFUSED)('%j is refused in one line', expectRefused)
})

describe('a path of the series', () => {
  it.each([
    ['none', ['INPUT_SERIES has no effect with GROUP_BY=none']],
    ['key', []],
  ])('with GROUP_BY=%s', async (groupBy, expected) => {
    const set = [
      'INPUT_FORMAT=json',
      'INPUT_TIME=t',
      'INPUT_CPU=c',
      'INPUT_SERIES=$.h',
      `GROUP_BY=${groupBy}`,
    ]
    expect((await load({ set })).warnings).toEqual(expected)
  })
})

describe("settings that say what this stack's broker does anyway", () => {
  it.each<AcceptedInput>([
    ['no login', { env: 'KAFKA_SECURITY_PROTOCOL=PLAINTEXT\nKAFKA_SASL_MECHANISM=plain\n' }, {}],
    ['a login', { env: 'KAFKA_USERNAME=u\nKAFKA_PASSWORD=p\nKAFKA_SECURITY_PROTOCOL=sasl_plaintext\n' }, {}],
  ])('are accepted: %s', expectAccepted)
})

describe('settings for given brokers', () => {
  it.each([
    ['KAFKA_SECURITY_PROTOCOL=SASL_SSL', 'needs KAFKA_USERNAME and KAFKA_PASSWORD; set both'],
    [
      'KAFKA_USERNAME=u\nKAFKA_PASSWORD=p\nKAFKA_SECURITY_PROTOCOL=SSL',
      'does not use KAFKA_USERNAME; write SASL_SSL or SASL_PLAINTEXT',
    ],
    ['KAFKA_SSL_CERT=/c.pem', 'only one is set; set both or neither'],
    ['KAFKA_SSL_CA=/c.pem\nKAFKA_SECURITY_PROTOCOL=PLAINTEXT', 'PLAINTEXT does not use it; write SSL'],
    ['KAFKA_SSL_CA=/c.pem\nKAFKA_SSL_KEY_PASSWORD=p', 'KAFKA_SSL_KEY is not set; set it'],
    ['KAFKA_SASL_MECHANISM=SCRAM-SHA-512', 'PLAINTEXT does not use it; write SASL_SSL'],
    ['KAFKA_SERVERS=h:9092,localhost:9093', "names this stack's own broker beside h:9092"],
  ])('must fit each other: %s', async (lines, expected) => {
    const servers = lines.startsWith('KAFKA_SERVERS') ? '' : 'KAFKA_SERVERS=h:9092\n'
    const problems = await problemsOf({ env: `${servers}${lines}\n` })
    expect(problems).toEqual([expect.stringContaining(expected)])
  })

  it.each<AcceptedInput>([
    ['none but the servers', { env: 'KAFKA_SERVERS=h:9092,i:9092\n' }, { kafka: { isGiven: true } }],
    [
      'a login over TLS',
      { env: 'KAFKA_SERVERS=h:1\nKAFKA_USERNAME=u\nKAFKA_PASSWORD=p\nKAFKA_SSL_CA=/c.pem\n' },
      { kafka: { isGiven: true, securityProtocol: 'SASL_SSL' } },
    ],
    [
      'a certificate authority that Node knows',
      { env: 'KAFKA_SERVERS=h:1\nKAFKA_SECURITY_PROTOCOL=SSL\n' },
      { kafka: { securityProtocol: 'SSL' } },
    ],
    ["this stack's own broker", { env: 'KAFKA_SERVERS=localhost:9093\n' }, { kafka: { isGiven: false } }],
  ])('are accepted: %s', expectAccepted)
})

describe('a checkpoint on HDFS or S3', () => {
  const KEYS =
    'SPARK_CONF_spark.hadoop.fs.s3a.access.key=canary\nSPARK_CONF_spark.hadoop.fs.s3a.secret.key=canary\n'

  it.each<AcceptedInput>([
    [
      "with this machine's Spark, also where containers would be preferred",
      { env: 'CHECKPOINT_LOCATION=hdfs://h:8020/cp\n' },
      { runtime: 'local', spark: { checkpoint: 'hdfs://h:8020/cp' } },
    ],
    [
      'with the cluster of SPARK_MASTER, and the keys of S3',
      { env: `SPARK_MASTER=spark://h:7077\nKAFKA_SERVERS=k:1\nCHECKPOINT_LOCATION=s3a://b/cp\n${KEYS}` },
      { runtime: 'standalone', spark: { checkpoint: 's3a://b/cp' } },
    ],
  ])('is accepted: %s', expectAccepted)

  it('has keys that are shown nowhere', async () => {
    const { config } = await load({ env: `CHECKPOINT_LOCATION=s3a://b/cp\n${KEYS}` })
    expect(JSON.stringify(maskedSettings(config))).not.toContain('canary')
  })
})

describe('a Spark cluster that is already there', () => {
  const MASTER = 'SPARK_MASTER=spark://127.0.0.1:7077\n'
  const YARN = 'SPARK_MASTER=yarn\nCHECKPOINT_LOCATION=file:///cp\n'

  it.each<AcceptedInput>([
    ["on this machine, with this stack's own broker", { env: MASTER }, { runtime: 'standalone' }],
    [
      'elsewhere, with what its workers reach',
      { env: 'SPARK_MASTER=spark://h:7077\nKAFKA_SERVERS=k:1\nCHECKPOINT_LOCATION=file:///a%20b/\n' },
      { runtime: 'standalone', spark: { checkpoint: '/a b' } },
    ],
    [
      'with its secret, and the address of the driver',
      {
        env: `${MASTER}SPARK_CONF_spark.authenticate=true\nSPARK_CONF_spark.authenticate.secret=x\nSPARK_CONF_spark.driver.host=h\n`,
      },
      { spark: { conf: { 'spark.authenticate.secret': 'x', 'spark.driver.host': 'h' } } },
    ],
    [
      'YARN, with its own properties',
      { env: `${YARN}SPARK_CONF_spark.yarn.queue=q\nSPARK_CONF_spark.executor.memoryOverhead=1g\n` },
      { runtime: 'yarn', spark: { deployMode: 'client', conf: { 'spark.yarn.queue': 'q' } } },
    ],
    [
      'YARN, with the driver in the cluster',
      { env: `${YARN}SPARK_DEPLOY_MODE=cluster\nSPARK_CONF_spark.driver.cores=2\n` },
      { runtime: 'yarn-cluster', spark: { deployMode: 'cluster' } },
    ],
  ])('is accepted: %s', expectAccepted)

  it('gets a warning where a login would cross the network in clear text', async () => {
    const env = `SPARK_MASTER=spark://h:7077\nKAFKA_SERVERS=k:1\nCHECKPOINT_LOCATION=file:///cp\nKAFKA_USERNAME=u\nKAFKA_PASSWORD=p\nKAFKA_SSL_CA=/c\n`
    expect((await load({ env })).warnings).toEqual([
      expect.stringMatching(/^Kafka's login would reach.*clear text/),
    ])
    const secret = 'SPARK_CONF_spark.authenticate=true\nSPARK_CONF_spark.authenticate.secret=x\n'
    expect((await load({ env: `${env}${secret}` })).warnings).toEqual([])
  })
})

describe('a password', () => {
  it.each([
    [['broker.example:9092', 'localhost:9092', 'kafka-broker:9092'], ['broker.example:9092']],
    [['localhost:9092', '127.0.0.1:9092', '[::1]:9092', 'kafka-broker:9092'], []],
  ])('that would leave this machine in clear text is warned about: %j', async (servers, exposed) => {
    const { config } = await load({ env: 'KAFKA_USERNAME=u\nKAFKA_PASSWORD=p\n' })
    const { warnings } = checkRules({ ...config, kafka: { ...config.kafka, servers } })
    expect(warnings).toEqual(
      exposed.map(
        (server) =>
          `KAFKA_PASSWORD would be sent in clear text to ${server}: set KAFKA_SECURITY_PROTOCOL=SASL_SSL`,
      ),
    )
    const encrypted = { ...config.kafka, servers, securityProtocol: 'SASL_SSL' as const }
    expect(checkRules({ ...config, kafka: encrypted }).warnings).toEqual([])
  })
})

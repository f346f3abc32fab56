import { SPARK_VERSION } from '../package/tested-versions.ts'
import type { Config } from './config.ts'
import { givenServers, isLoopback } from './given-servers.ts'
import { isSameValue } from './same-value.ts'
import { SETTINGS, type SettingKey, SPARK_CONF_PREFIX } from './settings.ts'
import { isKnown, isOfExecutors, refusedProperty } from './spark-properties.ts'

export interface Findings {
  /** `KEY=value: what is wrong; how to fix it`, without the values of secrets. */
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

/** Checks the rules that concern more than the text of one setting. */
export function checkRules(config: Config): Findings {
  return {
    problems: [
      ...topicRules(config),
      ...detectorRules(config),
      ...inputRules(config),
      ...brokerRules(config),
      ...sparkRules(config),
      ...queryRules(config),
      ...portRules(config),
      ...clusterRules(config),
    ],
    warnings: [
      ...plaintextWarnings(config),
      ...clearPlanWarnings(config),
      ...sparkWarnings(config),
      ...inputWarnings(config),
    ],
  }
}

function topicRules({ topics }: Config): string[] {
  const names = [
    ['INPUT_TOPIC', topics.input],
    ['OUTPUT_TOPIC', topics.output],
    ['DEAD_LETTER_TOPIC', topics.deadLetter],
  ] as const
  const same = repeated(names)
  // Kafka refuses to create a topic whose metrics have the name of another one's.
  const inMetrics = names.map(([key, name]) => [key, name.replaceAll('.', '_')] as const)
  const colliding = repeated(inMetrics).filter(({ key }) => !same.some((other) => other.key === key))
  return [
    ...same.map(({ key, value, first }) => {
      const loop = first === 'INPUT_TOPIC' ? ', which makes a feedback loop' : ''
      return `${key}=${value}: is also ${first}${loop}; give the three topics different names`
    }),
    ...colliding.map(
      ({ key, first }) =>
        `${key}: differs from ${first} only in . and _, which are the same to Kafka's metrics; give the three topics different names`,
    ),
  ]
}

/** The settings whose value an earlier one has too. */
function repeated<T>(
  settings: readonly (readonly [key: string, value: T])[],
): { readonly key: string; readonly value: T; readonly first: string }[] {
  return settings.flatMap(([key, value], index) => {
    const first = settings.slice(0, index).find(([, other]) => other === value)
    return first ? [{ key, value, first: first[0] }] : []
  })
}

function detectorRules({ detector }: Config): string[] {
  const { cpuMin, cpuMax } = detector
  return cpuMin !== undefined && cpuMax !== undefined && cpuMin >= cpuMax
    ? [`CPU_MAX=${cpuMax}: is not above CPU_MIN=${cpuMin}; write a larger one`]
    : []
}

/** What the setting's text is; empty if it has none. */
const textOf = ({ resolved }: Config, key: SettingKey): string =>
  resolved.find((setting) => setting.key === key)?.value ?? ''

const ONLY_JSON = ['INPUT_TIME', 'INPUT_TIME_UNIT', 'INPUT_CPU', 'INPUT_CPU_UNIT', 'INPUT_SERIES'] as const

/** The other formats know where time, CPU usage and series are: paths would be silently ignored. */
function inputRules(config: Config): string[] {
  const { format, time, timeUnit, cpu } = config.input
  if (format !== 'json')
    return ONLY_JSON.filter((key) => !isSameValue(key, textOf(config, key), SETTINGS[key].fallback)).map(
      (key) =>
        `${key}=${textOf(config, key)}: does nothing with INPUT_FORMAT=${format}; write INPUT_FORMAT=json, or leave it out`,
    )
  const problems: string[] = []
  if (cpu === undefined)
    problems.push(
      'INPUT_CPU: INPUT_FORMAT=json needs it; write the path of the CPU usage, such as $.host.cpu',
    )
  if (time === undefined && timeUnit !== 'record')
    problems.push(
      "INPUT_TIME: INPUT_FORMAT=json needs it; write the path of the time, such as $.time, or INPUT_TIME_UNIT=record for the Kafka record's own timestamp",
    )
  if (time !== undefined && timeUnit === 'record')
    problems.push(
      `INPUT_TIME=${textOf(config, 'INPUT_TIME')}: does nothing with INPUT_TIME_UNIT=record; leave it empty, or write the unit of the field`,
    )
  return problems
}

const inputWarnings = ({ input, detector }: Config): string[] =>
  input.series !== undefined && detector.groupBy === 'none'
    ? ['INPUT_SERIES has no effect with GROUP_BY=none']
    : []

function loginRules(config: Config): string[] {
  const username = textOf(config, 'KAFKA_USERNAME')
  const hasPassword = textOf(config, 'KAFKA_PASSWORD') !== ''
  if (username !== '' && !hasPassword)
    return [`KAFKA_USERNAME=${username}: KAFKA_PASSWORD is not set; set both or neither`]
  if (username === '' && hasPassword)
    return ['KAFKA_PASSWORD=***: KAFKA_USERNAME is not set; set both or neither']
  return []
}

const SSL_KEYS = ['KAFKA_SSL_CA', 'KAFKA_SSL_CERT', 'KAFKA_SSL_KEY', 'KAFKA_SSL_KEY_PASSWORD'] as const

/** The stack's own broker has no TLS, and knows only one way to log in: other wishes would be silently ignored. */
function ownBrokerRules(config: Config): string[] {
  const { kafka } = config
  const protocol = kafka.sasl ? 'SASL_PLAINTEXT' : 'PLAINTEXT'
  const tls = SSL_KEYS.filter((key) => textOf(config, key) !== '').map(
    (key) => `${key}: does nothing, because this stack's broker has no TLS; leave it empty`,
  )
  if (textOf(config, 'KAFKA_SECURITY_PROTOCOL') !== '' && kafka.securityProtocol !== protocol)
    tls.push(
      `KAFKA_SECURITY_PROTOCOL=${kafka.securityProtocol}: this stack's broker speaks only ${protocol} ${kafka.sasl ? 'with' : 'without'} KAFKA_USERNAME and KAFKA_PASSWORD; leave it empty`,
    )
  const mechanism = textOf(config, 'KAFKA_SASL_MECHANISM').toUpperCase()
  return mechanism === 'PLAIN'
    ? tls
    : [...tls, `KAFKA_SASL_MECHANISM=${mechanism}: this stack's broker has only PLAIN; leave it out`]
}

/** Settings that contradict each other, or would be silently ignored. */
function givenBrokerRules(config: Config): string[] {
  const { securityProtocol, sasl, ssl, servers } = config.kafka
  const usesLogin = securityProtocol.startsWith('SASL')
  const problems: string[] = []
  const given = givenServers(servers, config.ports.kafka)
  if (given.length < servers.length)
    problems.push(
      `KAFKA_SERVERS=${servers.join(',')}: names this stack's own broker beside ${given.join(',')}; name brokers of one cluster, or set KAFKA_PORT to another port if all of these are one`,
    )
  if (usesLogin && !sasl)
    problems.push(
      `KAFKA_SECURITY_PROTOCOL=${securityProtocol}: needs KAFKA_USERNAME and KAFKA_PASSWORD; set both`,
    )
  if (sasl && !usesLogin)
    problems.push(
      `KAFKA_SECURITY_PROTOCOL=${securityProtocol}: does not use KAFKA_USERNAME; write SASL_SSL or SASL_PLAINTEXT`,
    )
  if (Boolean(ssl.cert) !== Boolean(ssl.key))
    problems.push('KAFKA_SSL_CERT and KAFKA_SSL_KEY: only one is set; set both or neither')
  if (ssl.keyPassword && !ssl.key)
    problems.push('KAFKA_SSL_KEY_PASSWORD=***: KAFKA_SSL_KEY is not set; set it, or leave the password empty')
  if (!securityProtocol.endsWith('SSL'))
    for (const key of SSL_KEYS.filter((name) => textOf(config, name) !== ''))
      problems.push(
        `${key}: KAFKA_SECURITY_PROTOCOL=${securityProtocol} does not use it; write ${sasl ? 'SASL_SSL' : 'SSL'}, or leave it empty`,
      )
  const mechanism = textOf(config, 'KAFKA_SASL_MECHANISM').toUpperCase()
  if (!usesLogin && mechanism !== 'PLAIN')
    problems.push(
      `KAFKA_SASL_MECHANISM=${mechanism}: KAFKA_SECURITY_PROTOCOL=${securityProtocol} does not use it; write SASL_SSL or SASL_PLAINTEXT, or leave it out`,
    )
  return problems
}

function brokerRules(config: Config): string[] {
  const login = loginRules(config)
  if (login.length > 0) return login
  return config.kafka.isGiven ? givenBrokerRules(config) : ownBrokerRules(config)
}

function sparkRules({ spark, runtime }: Config): string[] {
  return Object.keys(spark.conf).flatMap((name) => {
    const why = refusedProperty(name, runtime === 'standalone')
    return why === undefined ? [] : [`${SPARK_CONF_PREFIX}${name}: ${why}`]
  })
}

function sparkWarnings({ spark, runtime }: Config): string[] {
  return Object.keys(spark.conf).flatMap((name) => {
    if (!isKnown(name))
      return [`${SPARK_CONF_PREFIX}${name}: Spark ${SPARK_VERSION} does not know this property`]
    return isOfExecutors(name) && (runtime === 'local' || runtime === 'auto')
      ? [`${SPARK_CONF_PREFIX}${name}: takes effect only on the docker runtime`]
      : []
  })
}

function queryRules({ query }: Config): string[] {
  return query.trigger === 'real-time' && query.stateStore === 'memory'
    ? ['STATE_STORE=memory: Spark keeps the state of real-time mode only in RocksDB; write rocksdb or auto']
    : []
}

function portRules({ ports }: Config): string[] {
  return repeated([
    ['KAFKA_PORT', ports.kafka],
    ['SPARK_UI_PORT', ports.sparkUi],
    ['SPARK_MASTER_UI_PORT', ports.sparkMasterUi],
  ]).map(({ key, value, first }) => `${key}=${value}: is also ${first}; give each a port of its own`)
}

/** Places that do not fit each other, or would be silently ignored. */
function clusterRules(config: Config): string[] {
  const { spark, kafka } = config
  if (spark.master === undefined)
    return spark.checkpoint === undefined
      ? []
      : [
          `CHECKPOINT_LOCATION=file://${spark.checkpoint}: does nothing without SPARK_MASTER; leave it empty, the checkpoint is in STORAGE_DIR`,
        ]
  if (!spark.master.startsWith('spark://'))
    return [
      `SPARK_MASTER=${spark.master}: this version supports spark://host:7077 and the Spark that it starts; for that leave it empty, and set SPARK_CORES for the number of cores`,
    ]
  const problems: string[] = []
  const runtime = textOf(config, 'RUNTIME')
  if (runtime !== 'auto')
    problems.push(`RUNTIME=${runtime}: SPARK_MASTER names the Spark to use; leave one of them out`)
  if (isMasterHere(spark.master)) return problems
  if (!kafka.isGiven)
    problems.push(
      `SPARK_MASTER=${spark.master}: its workers cannot reach this stack's own broker, which listens on 127.0.0.1 only; set KAFKA_SERVERS`,
    )
  if (spark.checkpoint === undefined)
    problems.push(
      `SPARK_MASTER=${spark.master}: its workers cannot reach STORAGE_DIR; set CHECKPOINT_LOCATION=file:///folder on a disk that all share`,
    )
  return problems
}

/** Is the master, and so its workers, on this machine? */
export const isMasterHere = (master: string): boolean =>
  master.replace('spark://', '').split(',').every(isLoopback)

/** The login to Kafka is part of the plan that executors get. */
const clearPlanWarnings = ({ runtime, spark, kafka }: Config): string[] =>
  runtime === 'standalone' &&
  (kafka.sasl ?? kafka.ssl.key) !== undefined &&
  spark.conf['spark.authenticate'] !== 'true' &&
  !isMasterHere(spark.master ?? '')
    ? [
        "Kafka's login would reach Spark's executors in clear text: set SPARK_CONF_spark.authenticate=true and SPARK_CONF_spark.authenticate.secret, if the cluster has one",
      ]
    : []

function plaintextWarnings({ kafka, ports }: Config): string[] {
  if (!kafka.sasl || kafka.securityProtocol !== 'SASL_PLAINTEXT') return []
  const exposed = givenServers(kafka.servers, ports.kafka).filter((server) => !isLoopback(server))
  return exposed.length > 0
    ? [
        `KAFKA_PASSWORD would be sent in clear text to ${exposed.join(', ')}: set KAFKA_SECURITY_PROTOCOL=SASL_SSL`,
      ]
    : []
}

import { SPARK_VERSION } from '../package/tested-versions.ts'
import { brokerRules, plaintextWarnings } from './broker-rules.ts'
import { isOnS3 } from './checkpoint-location.ts'
import { clearPlanWarnings, clusterRules } from './cluster-rules.ts'
import type { Config } from './config.ts'
import { refusedOnKubernetes } from './kubernetes-properties.ts'
import { isSameValue } from './same-value.ts'
import { SETTINGS, SPARK_CONF_PREFIX } from './settings.ts'
import { isKnown, isOfExecutors, refusedProperty } from './spark-properties.ts'
import { textOf } from './text-of.ts'

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

function sparkRules({ spark, runtime }: Config): string[] {
  return Object.keys(spark.conf).flatMap((name) => {
    const isOn = isOnS3(spark.checkpoint)
    const why =
      runtime === 'kubernetes'
        ? refusedOnKubernetes(name, isOn)
        : refusedProperty(name, { runtime, isOnS3: isOn })
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

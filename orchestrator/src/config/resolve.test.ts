import { describe, expect, it } from 'vitest'
import { type AcceptedInput, expectAccepted, expectRefused, load, type RefusedLine } from './load.fixture.ts'

const REFUSED: readonly RefusedLine[] = [
  ['NORMAL_STDEV=3', 'NORMAL_STDEV: ', 'unknown key', 'did you mean NORMAL_STDDEV?'],
  ['normal_mean=3', 'normal_mean: ', 'unknown key', 'did you mean NORMAL_MEAN?'],
  ['WINDOWS_DURATION=1 s', 'WINDOWS_DURATION: ', 'unknown key', 'did you mean WINDOW_DURATION?'],
  ['GROUP_BYE=1', 'GROUP_BYE: ', 'unknown key', 'did you mean GROUP_BY?'],
  ['KAFKA_BROKERS=h:9092', 'KAFKA_BROKERS: ', 'unknown key', 'did you mean KAFKA_SERVERS?'],
  ['NORMAL_PERCENTAGE=3', 'NORMAL_PERCENTAGE: ', 'unknown key', 'remove it'],
  ['SPARK_CONF_DIR=/etc/spark', 'SPARK_CONF_DIR: ', 'unknown key', 'SPARK_CONF_spark.ui.retainedJobs'],
  ['SPARK_CONF_SPARK_UI_RETAINEDJOBS=1', 'SPARK_CONF_SPARK_UI', 'unknown key', 'its full name'],
  ['--set SOMETHING_ELSE_ALTOGETHER=1', 'SOMETHING_ELSE_ALTOGETHER: ', 'unknown key', 'remove it'],
  ['--set constructor=1', 'constructor: ', 'unknown key', 'remove it'],
  [
    '--set NORMAL_MEAN',
    '--set NORMAL_MEAN: ',
    'not of the form KEY=value',
    'for example --set NORMAL_MEAN=14.5',
  ],
  ['--set =x', '--set =x: ', 'not of the form KEY=value', 'for example --set NORMAL_MEAN=14.5'],
  ['--set NORMAL_MEEN=1', 'NORMAL_MEEN: ', 'unknown key in --set', 'did you mean NORMAL_MEAN?'],
]

describe('a key', () => {
  it.each(REFUSED)('%j is refused in one line', expectRefused)
})

describe('the keys of other tools', () => {
  it.each<AcceptedInput>([
    [
      'passwords, zones and names of projects',
      { env: 'POSTGRES_PASSWORD=a#b\nCOMPOSE_PROJECT_NAME=x\nTZ=UTC\nPORT=80\nLOGGER=1\nconstructor=1\n' },
      {},
    ],
    [
      'values of several lines',
      { env: 'CERT="-----BEGIN\nNORMAL_MEAN 3\n-----END"\nNORMAL_MEAN=15\n' },
      { detector: { normalMean: 15 } },
    ],
    [
      "Spark's and others' variables",
      { environment: { SPARK_CONF_DIR: '/x', SPARK_HOME: '/y', KAFKA_PORT_9092_TCP: '1' } },
      {},
    ],
  ])('are left alone: %s', expectAccepted)

  it.each([
    ['NORMAL_STDEV', 'did you mean NORMAL_STDDEV?'],
    ['SPARK_CONF_a.b', 'a Spark property has its full name'],
  ])('warn in the environment if they look like ours: %s', async (key, advice) => {
    const { warnings } = await load({ environment: { [key]: '9' } })
    expect(warnings).toEqual([expect.stringContaining(advice)])
  })
})

describe('a text', () => {
  it.each<AcceptedInput>([
    ['a blank KAFKA_SERVERS', { set: ['KAFKA_SERVERS=  '] }, { kafka: { servers: [] } }],
    ['blanks around a value', { set: ['NORMAL_MEAN=  15 '] }, { detector: { normalMean: 15 } }],
  ])('is trimmed: %s', expectAccepted)
})

describe('precedence', () => {
  const env = 'NORMAL_MEAN=1\nNORMAL_STDDEV=2\nINPUT_TOPIC=from-env-file\nSPARK_CONF_spark.b=1\n'
  const environment = { NORMAL_MEAN: '3', NORMAL_STDDEV: '4', 'SPARK_CONF_spark.b': '2' }

  it.each([
    ['NORMAL_MEAN', '5', 'flag'],
    ['NORMAL_STDDEV', '4', 'environment'],
    ['SPARK_CONF_spark.b', '2', 'environment'],
    ['INPUT_TOPIC', 'from-env-file', '.env'],
    ['OUTPUT_TOPIC', 'anomaly', 'default'],
  ])('gives %s the value %s of the %s', async (key, value, origin) => {
    const { config } = await load({ env, environment, set: ['NORMAL_MEAN=5'] })
    expect(config.resolved.find((setting) => setting.key === key)).toMatchObject({ value, origin })
  })

  it('lets a later --set win, and splits at the first =', async () => {
    const { config } = await load({ set: ['NORMAL_MEAN=1', 'NORMAL_MEAN=2', 'SPARK_CONF_spark.b=b=c'] })
    expect(config.detector.normalMean).toBe(2)
    expect(config.spark.conf).toEqual({ 'spark.b': 'b=c' })
  })

  it('ignores other variables of the environment', async () => {
    const { config } = await load({ environment: { PATH: '/bin', TZ: 'UTC' } })
    expect(config.resolved.every(({ origin }) => origin === 'default')).toBe(true)
  })
})

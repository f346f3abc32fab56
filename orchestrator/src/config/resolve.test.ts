import { describe, expect, it } from 'vitest'
import { type AcceptedInput, expectAccepted, load } from './load.fixture.ts'

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

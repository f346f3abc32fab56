import { describe, expect, it } from 'vitest'
import { problemsOf } from './load.fixture.ts'

describe('a refused setting', () => {
  it.each([
    [{ env: 'KAFKA_PORT=x\n' }, '(KAFKA_PORT is set in .env)'],
    [{ set: ['KAFKA_PORT=x'] }, '(KAFKA_PORT is set by --set)'],
    [{ environment: { KAFKA_PORT: 'x' } }, '(KAFKA_PORT is set in the environment)'],
    [{ environment: { SPARK_MASTER: 'yarn' } }, '(SPARK_MASTER is set in the environment)'],
    [{ environment: { STORAGE_DIR: '.' } }, '(STORAGE_DIR is set in the environment)'],
    [
      { environment: { 'SPARK_CONF_spark.app.name': 'x' } },
      '(SPARK_CONF_spark.app.name is set in the environment)',
    ],
    [
      { env: 'KAFKA_PORT=1\n', set: ['SPARK_UI_PORT=1'] },
      '(KAFKA_PORT is set in .env; SPARK_UI_PORT is set by --set)',
    ],
    [
      { env: 'KAFKA_PORT=4040\n' },
      'SPARK_UI_PORT=4040: is also KAFKA_PORT; give each a port of its own (KAFKA_PORT is set in .env)',
    ],
  ])('is followed by where it was set: %j', async (input, expected) => {
    const problems = await problemsOf(input)
    expect(problems).toHaveLength(1)
    expect(problems[0]?.endsWith(expected)).toBe(true)
  })

  it.each(['KAFKA_PORT', 'SPARK_UI_PORT', 'SPARK_MASTER_UI_PORT'])(
    'is explained if Kubernetes has set it for a service: %s',
    async (key) => {
      const [problem] = await problemsOf({ environment: { [key]: 'tcp://10.0.0.5:9092' } })
      expect(problem).toContain(`${key}=tcp://10.0.0.5:9092: `)
      expect(problem).toContain('is set in the environment; Kubernetes sets it for a service of that name')
      expect(problem).toContain(`override it with --set ${key}=`)
    },
  )
})

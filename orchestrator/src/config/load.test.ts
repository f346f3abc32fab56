import { describe, expect, it } from 'vitest'
import {
  type AcceptedInput,
  expectAccepted,
  expectRefused,
  INJECTION,
  load,
  problemsOf,
  type RefusedLine,
  SHELL_VARIABLE,
} from './load.fixture.ts'
import { maskedSettings } from './load.ts'

const ORIGINAL_ENV =
  'KAFKA_USERNAME=admin\nKAFKA_PASSWORD=admin\nKAFKA_SERVERS=kafka-broker:9092\nNORMAL_MEAN=14.5\nNORMAL_STDDEV=2.7\n'

const REFUSED: readonly RefusedLine[] = [
  ...[INJECTION, `'''`, '{{7*7}}', SHELL_VARIABLE, '$(id)', '`id`', 'a\\b', 'a\u2028b'].flatMap((value) =>
    ['INPUT_TOPIC', 'KAFKA_SERVERS', 'SPARK_IMAGE', 'NORMAL_MEAN', 'GROUP_BY', 'SPARK_MASTER'].map(
      (key) => [`--set ${key}=${value}`, `${key}=${value.replace('\u2028', '\\u2028')}: `, '; ', ''] as const,
    ),
  ),
  [
    '--set INPUT_TOPIC=\u001b[2J\u202e\u0007',
    'INPUT_TOPIC=\\x1b[2J\\u202e\\x07: ',
    'not a topic name',
    'use 1',
  ],
]

describe('a text that could be code', () => {
  it.each(REFUSED)('%j is refused in one line', expectRefused)

  it.each<AcceptedInput>([
    [
      'text for Spark',
      { set: [`SPARK_CONF_spark.hadoop.b=${INJECTION}`] },
      { spark: { conf: { 'spark.hadoop.b': INJECTION } } },
    ],
    [
      'variables in a value',
      { env: `KAFKA_USERNAME=${SHELL_VARIABLE}$(id)\nKAFKA_PASSWORD=x` },
      { kafka: { sasl: { username: `${SHELL_VARIABLE}$(id)` } } },
    ],
  ])('is kept as it is: %s', expectAccepted)

  it.each(['a"b', 'a\\b', 'a;b', ' a b ', 'päss\u{1f600}', '#hash#', 'a=b', '***'])(
    'is kept as it is: the password %j',
    async (password) => {
      const environment = { KAFKA_USERNAME: 'me', KAFKA_PASSWORD: password }
      expect((await load({ environment })).config.kafka.sasl?.password).toBe(password)
      const env = `KAFKA_USERNAME=me\nKAFKA_PASSWORD='${password}'\n`
      expect((await load({ env })).config.kafka.sasl?.password).toBe(password)
    },
  )
})

describe('a problem', () => {
  it('does not hide another one: values, rules, unknown keys and storage are reported at once', async () => {
    const problems = await problemsOf({
      env: 'NORMAL_STDDEV=0\nWINDOW_DURATION=500\nOUTPUT_TOPIC=cpu-usage\nNORMAL_MEEN=1\nSTORAGE_DIR=.\n',
      set: ['KAFKA_PORT=x', 'nonsense'],
      environment: { KAFKA_PASSWORD: 'hush' },
    })
    expect(problems.map((problem) => problem.split(/[=:]/)[0]).sort()).toEqual([
      '--set nonsense',
      'KAFKA_PASSWORD',
      'KAFKA_PORT',
      'NORMAL_MEEN',
      'NORMAL_STDDEV',
      'OUTPUT_TOPIC',
      'STORAGE_DIR',
      'WINDOW_DURATION',
    ])
    expect(problems.join()).not.toContain('hush')
  })

  it('of a value that does not parse is the only one: no rule checks the default in its place', async () => {
    const problems = await problemsOf({
      env: 'INPUT_TOPIC=a b\nOUTPUT_TOPIC=cpu-usage\nKAFKA_PORT=x\nSPARK_UI_PORT=9093\n',
    })
    expect(problems.map((problem) => problem.split('=')[0])).toEqual(['INPUT_TOPIC', 'KAFKA_PORT'])
  })
})

it('accepts the .env of the original project', () =>
  expectAccepted('', { env: ORIGINAL_ENV }, { kafka: { servers: ['kafka-broker:9092'] } }))

describe('maskedSettings', () => {
  it('masks each secret that is set, and nothing else', async () => {
    const { config } = await load({ env: 'KAFKA_USERNAME=me\nKAFKA_PASSWORD=hush\n' })
    const resolved = config.resolved.map((setting) =>
      setting.key === 'KAFKA_SSL_KEY_PASSWORD' ? { ...setting, value: 'hush' } : setting,
    )
    const shown = maskedSettings({ ...config, resolved })
    expect(shown.filter(({ value }) => value === '***').map(({ key }) => key)).toEqual([
      'KAFKA_PASSWORD',
      'KAFKA_SSL_KEY_PASSWORD',
    ])
    expect(shown.find(({ key }) => key === 'KAFKA_USERNAME')).toEqual({
      key: 'KAFKA_USERNAME',
      value: 'me',
      origin: '.env',
    })
    expect(JSON.stringify(shown)).not.toContain('hush')
    expect(maskedSettings((await load({})).config).find(({ key }) => key === 'KAFKA_PASSWORD')?.value).toBe(
      '',
    )
  })
})

import { describe, expect, it } from 'vitest'
import {
  type AcceptedInput,
  expectAccepted,
  expectRefused,
  type Input,
  load,
  problemsOf,
  type RefusedLine,
} from './load.fixture.ts'

const REFUSED: readonly RefusedLine[] = [
  ['NORMAL_STDEV=3', 'NORMAL_STDEV: ', 'unknown key', 'did you mean NORMAL_STDDEV?'],
  ['normal_mean=3', 'normal_mean: ', 'unknown key', 'did you mean NORMAL_MEAN?'],
  ['WINDOWS_DURATION=1 s', 'WINDOWS_DURATION: ', 'unknown key', 'did you mean WINDOW_DURATION?'],
  ['GROUP_BYE=1', 'GROUP_BYE: ', 'unknown key', 'did you mean GROUP_BY?'],
  ['KAFKA_BROKERS=h:9092', 'KAFKA_BROKERS: ', 'unknown key', 'did you mean KAFKA_SERVERS?'],
  ['NORMAL_PERCENTAGE=3', 'NORMAL_PERCENTAGE: ', 'unknown key', 'remove it'],
  ['SPARK_CONF_DIR=/etc/spark', 'SPARK_CONF_DIR: ', 'unknown key', 'SPARK_CONF_spark.ui.retainedJobs'],
  ['SPARK_CONF_SPARK_UI_RETAINEDJOBS=1', 'SPARK_CONF_SPARK_UI', 'unknown key', 'its full name'],
  ['spark.ui.retainedJobs=3', 'spark.ui.retainedJobs: ', 'unknown key', 'SPARK_CONF_spark.ui.retainedJobs'],
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

describe('a key that only looks like a setting', () => {
  it.each([
    ['NORMAL_ME\u200bAN=20', 'NORMAL_MEAN', 'U+200B'],
    ['\u041dORMAL_MEAN=20', 'NORMAL_MEAN', 'U+041D'],
    ['export NORMAL_ME\u0410N = 20', 'NORMAL_MEAN', 'U+0410'],
    ['\u2060RUNTIME=local', 'RUNTIME', 'U+2060'],
    ['SPARK_CONF_sp\u0430rk.ui.retainedJobs=3', 'the key', 'U+0430'],
  ])('is refused, with the odd character: %j', async (line, meant, character) => {
    const problems = await problemsOf({ env: `TZ=UTC\n${line}\n` })
    expect(problems).toEqual([
      expect.stringContaining(`.env, line 2: does not set ${meant}: its name contains ${character}; `),
    ])
  })

  it.each([
    ['WINDOW', 'WINDOW_DURATION'],
    ['WATERMARK', 'WATERMARK_DELAY'],
    ['STDDEV', 'NORMAL_STDDEV'],
    ['mean', 'NORMAL_MEAN'],
  ])('is warned about if it is part of the name of a setting: %s', async (key, meant) => {
    const { warnings } = await load({ env: `${key}=3\n` })
    expect(warnings).toEqual([expect.stringMatching(`^${key}: unknown key in .*did you mean ${meant}\\?$`)])
  })
})

describe('the keys of other tools', () => {
  it.each<AcceptedInput>([
    [
      'passwords, zones and names of projects',
      {
        env: 'POSTGRES_PASSWORD=a#b\nCOMPOSE_PROJECT_NAME=x\nTZ=UTC\nPORT=80\nLOGGER=1\nconstructor=1\nCPU_LIMIT=2\nCPU=1\nUSERNAME=x\nTOPIC=t\n\u043a\u043b\u044e\u0447=1\n',
      },
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

  it.each<[string, Input, string]>([
    ['in a file', { env: 'CPU_ANOMALY_PASS_ENV=TZ\n' }, '.env; set it in the shell'],
    ['misspelt', { environment: { CPU_ANOMALY_PASSENV: 'TZ' } }, 'did you mean CPU_ANOMALY_PASS_ENV?'],
    [
      'with a misspelt name',
      { environment: { CPU_ANOMALY_PASS_ENV: 'LD_PRELAOD,LD_PRELOAD', LD_PRELOAD: 'x' } },
      'CPU_ANOMALY_PASS_ENV names LD_PRELAOD, which the shell does not set',
    ],
  ])('warn of a CPU_ANOMALY_PASS_ENV without effect: %s', async (_, input, text) => {
    expect((await load(input)).warnings).toEqual([expect.stringContaining(text)])
  })

  it.each([
    ['NORMAL_STDEV', 'did you mean NORMAL_STDDEV?'],
    ['SPARK_CONF_a.b', 'a Spark property has its full name'],
  ])('warn in the environment if they look like ours: %s', async (key, advice) => {
    const { warnings } = await load({ environment: { [key]: '9' } })
    expect(warnings).toEqual([expect.stringContaining(advice)])
  })
})

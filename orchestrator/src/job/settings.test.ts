import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { KafkaSasl } from '../config/config.ts'
import { configWith } from '../config/load.fixture.ts'
import { packageRoot } from '../package/root.ts'
import type { JobEnvironment } from '../runtime/runtime.ts'
import { defaultSettings } from './default-settings.fixture.ts'
import { jobSettings } from './settings.ts'
import { submitArgs } from './submit-args.ts'

const PASSWORD = 'hu"sh\\;'
const sasl: KafkaSasl = { mechanism: 'PLAIN', username: 'me', password: PASSWORD }
const environment: JobEnvironment = {
  master: 'local[2,4]',
  slots: 2,
  sparkVersion: '4.3.0',
  kafka: {
    servers: ['a:1', 'b:2'],
    securityProtocol: 'SASL_PLAINTEXT',
    sasl,
    ssl: { keyPassword: PASSWORD },
  },
  checkpoint: '/storage/checkpoint',
  baselineFile: '/storage/rendered/baseline.csv',
  secretsFile: '/storage/run/secrets.json',
  connectorJars: ['/cache/a.jar', '/cache/b.jar'],
  sparkConf: { 'spark.ui.port': '4040' },
}

describe('jobSettings', () => {
  it('has exactly the fields that the job reads, in their order', async () => {
    const source = join(packageRoot, 'spark-job', 'cpu_anomaly', 'settings.py')
    const [, fields = ''] = (await readFile(source, 'utf8')).match(/class Settings:\n.*?\n\n(.*?)\n\n/s) ?? []
    const names = [...fields.matchAll(/^ {4}(\w+): /gm)].map(([, name]) => name)
    expect(Object.keys(jobSettings(await configWith(), environment))).toEqual(names)
  })

  it('of an empty .env are the default settings of the job', async () => {
    const fixed: JobEnvironment = {
      ...environment,
      kafka: { servers: ['127.0.0.1:9093'], securityProtocol: 'PLAINTEXT', sasl: undefined, ssl: {} },
      secretsFile: undefined,
    }
    expect(jobSettings(await configWith(), fixed)).toEqual(defaultSettings)
  })

  it('follows the configuration and the environment', async () => {
    const overrides = [
      'NORMAL_MEAN=20',
      'GROUP_BY=key',
      'BASELINE_FILE=mine.csv',
      'CPU_MIN=0',
      'WINDOW_DURATION=1 s',
      'STARTING_OFFSETS=latest',
    ]
    expect(jobSettings(await configWith(overrides), environment)).toMatchObject({
      normal_mean: 20,
      normal_stddev: 2.7,
      group_by: 'key',
      baseline_file: '/storage/rendered/baseline.csv',
      cpu_min: 0,
      cpu_max: null,
      window_ms: 1_000,
      starting_offsets: 'latest',
      bootstrap_servers: 'a:1,b:2',
      kafka_options: { 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': 'PLAIN' },
      kafka_secrets_file: '/storage/run/secrets.json',
      checkpoint: '/storage/checkpoint',
    })
  })

  it('has the paths of JSON records, and null for what is not set', async () => {
    const set = ['INPUT_FORMAT=json', 'INPUT_TIME_UNIT=record', 'INPUT_CPU=a.b']
    expect(jobSettings(await configWith(set), environment)).toMatchObject({
      input_format: 'json',
      input_time: null,
      input_time_unit: 'record',
      input_cpu: '$.a.b',
      input_series: null,
    })
  })

  it('names no secrets file and no mechanism without a login', async () => {
    const open: JobEnvironment = {
      ...environment,
      secretsFile: undefined,
      kafka: { ...environment.kafka, securityProtocol: 'PLAINTEXT', sasl: undefined },
    }
    expect(jobSettings(await configWith(), open)).toMatchObject({
      kafka_options: { 'security.protocol': 'PLAINTEXT' },
      kafka_secrets_file: null,
    })
    expect(jobSettings(await configWith(), open).kafka_options).not.toHaveProperty('sasl.mechanism')
  })

  it('never holds a secret, nor do the arguments of spark-submit', async () => {
    const marker = 'q7Zx'
    const withSecrets = await configWith(['KAFKA_USERNAME=me', `KAFKA_PASSWORD=${marker}1`])
    const { sasl } = withSecrets.kafka
    const ssl = { keyPassword: `${marker}2` }
    const secret: JobEnvironment = { ...environment, kafka: { ...environment.kafka, sasl, ssl } }
    expect(sasl?.password).toBe(`${marker}1`)
    expect(JSON.stringify(jobSettings(withSecrets, secret))).not.toContain(marker)
    expect(submitArgs(withSecrets, secret).join('\n')).not.toContain(marker)
  })
})

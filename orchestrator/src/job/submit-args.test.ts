import { describe, expect, it } from 'vitest'
import { configWith } from '../config/load.fixture.ts'
import type { JobEnvironment } from '../runtime/runtime.ts'
import { submitArgs } from './submit-args.ts'

const environment: JobEnvironment = {
  master: 'spark://spark-master:7077',
  slots: 2,
  sparkVersion: '4.3.0',
  kafka: { servers: ['a:1'], securityProtocol: 'PLAINTEXT', sasl: undefined, ssl: {} },
  checkpoint: '/checkpoint',
  baselineFile: '/baseline.csv',
  secretsFile: undefined,
  connectorJars: ['/cache/a.jar', '/cache/b c.jar'],
  sparkConf: { 'spark.driver.host': 'localhost' },
}

async function argsWith(
  overrides: readonly string[],
  sparkConf: JobEnvironment['sparkConf'] = environment.sparkConf,
) {
  return submitArgs(await configWith(overrides), { ...environment, sparkConf })
}

const confOf = (args: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    args.flatMap((arg, index) => {
      const split = arg.indexOf('=')
      return args[index - 1] === '--conf' ? [[arg.slice(0, split), arg.slice(split + 1)]] : []
    }),
  )

describe('submitArgs', () => {
  it('begins with master, name, memory and jars', async () => {
    const args = await argsWith(['SPARK_DRIVER_MEMORY=2g'])
    expect(args.slice(0, 8)).toEqual([
      '--master',
      'spark://spark-master:7077',
      '--name',
      'cpu-anomaly',
      '--driver-memory',
      '2g',
      '--jars',
      '/cache/a.jar,/cache/b c.jar',
    ])
    expect(new Set(args.slice(8).filter((_, index) => index % 2 === 0))).toEqual(new Set(['--conf']))
  })

  it('turns the kill switch and the progress bar off, and sets the file system and the shuffle partitions', async () => {
    expect(confOf(await argsWith(['SHUFFLE_PARTITIONS=7']))).toEqual({
      'spark.sql.shuffle.partitions': '7',
      'spark.ui.killEnabled': 'false',
      'spark.hadoop.fs.defaultFS': 'file:///',
      'spark.ui.showConsoleProgress': 'false',
      'spark.driver.host': 'localhost',
    })
  })

  it("passes each of the user's Spark properties as one argument, whatever it holds", async () => {
    const value = '$(id) "a" --class x; y=z'
    const args = await argsWith([`SPARK_CONF_spark.user.property=${value}`])
    expect(args).toContain(`spark.user.property=${value}`)
    expect(confOf(args)['spark.user.property']).toBe(value)
  })

  it("overrides the user's properties with its own", async () => {
    const args = await argsWith(['SPARK_CONF_spark.eventLog.dir=theirs'], { 'spark.eventLog.dir': 'ours' })
    expect(args.filter((arg) => arg.startsWith('spark.eventLog.dir='))).toEqual(['spark.eventLog.dir=ours'])
  })

  it.each([
    ['-Dtheirs=1', '-Dours=1', '-Dtheirs=1 -Dours=1'],
    ['-Dtheirs=1', undefined, '-Dtheirs=1'],
    [undefined, '-Dours=1', '-Dours=1'],
    [undefined, undefined, undefined],
  ])("concatenates JVM options: the user's %s and its own %s", async (theirs, ours, expected) => {
    const name = 'spark.driver.extraJavaOptions'
    const overrides = theirs === undefined ? [] : [`SPARK_CONF_${name}=${theirs}`]
    const args = await argsWith(overrides, ours === undefined ? {} : { [name]: ours })
    expect(confOf(args)[name]).toBe(expected)
  })
})

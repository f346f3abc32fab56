import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../package/root.ts'
import { type AcceptedInput, expectAccepted, expectRefused, load, type RefusedLine } from './load.fixture.ts'
import { OWN_SPARK_PROPERTIES } from './spark-properties.ts'

/** The code that sets properties of the job's Spark, and the user's `spark.driver.extraJavaOptions`, which it extends. */
const SOURCES = [
  ...readdirSync(join(packageRoot, 'spark-job', 'cpu_anomaly'))
    .filter((name) => name.endsWith('.py'))
    .map((name) => ['spark-job', 'cpu_anomaly', name]),
  ['orchestrator', 'src', 'job', 'submit-args.ts'],
  ['orchestrator', 'src', 'runtime', 'local', 'job-environment.ts'],
  ['orchestrator', 'src', 'runtime', 'docker', 'job-environment.ts'],
  ['orchestrator', 'src', 'runtime', 'standalone', 'job-environment.ts'],
  ['orchestrator', 'src', 'runtime', 'yarn', 'job-environment.ts'],
]
const EXTENDED = 'spark.driver.extraJavaOptions'
/** A property of a thread, not of the session. */
const OF_THREADS = 'spark.scheduler.pool'
/** Set in a session that only reads the state. */
const OF_READERS = 'spark.sql.streaming.stateStore.checkpointFormatVersion'
/** Set only where the user does not. */
const DEFAULTS = [
  'spark.cores.max',
  'spark.executor.cores',
  'spark.executor.instances',
  'spark.yarn.am.attemptFailuresValidityInterval',
  'spark.yarn.appMasterEnv.PYSPARK_PYTHON',
]
/** The user's own are added to them. */
const SHARED = ['spark.files']
/** Set by the arguments of spark-submit, its environment, an option of the query, or the files of the cluster. */
const SET_ELSEWHERE = [
  'spark.authenticate',
  'spark.authenticate.secret',
  'spark.driver.memory',
  'spark.app.name',
  'spark.jars',
  'spark.local.dir',
  'spark.master',
  'spark.sql.streaming.checkpointLocation',
  'spark.submit.deployMode',
  'spark.yarn.tags',
]

describe('the list of properties that this tool sets', () => {
  it('names exactly those that its code sets', () => {
    const code = SOURCES.map((path) => readFileSync(join(packageRoot, ...path), 'utf8')).join('\n')
    const literals = [...code.matchAll(/["'](spark\.[A-Za-z][\w.]*\w)["']/g)].map(([, name = '']) => name)
    const set = literals.filter(
      (name) => ![EXTENDED, OF_THREADS, OF_READERS, ...SHARED, ...DEFAULTS].includes(name),
    )
    expect(Object.keys(OWN_SPARK_PROPERTIES).sort()).toEqual([...new Set([...set, ...SET_ELSEWHERE])].sort())
  })

  it.each(Object.keys(OWN_SPARK_PROPERTIES))('makes %s refused, with the reason', (name) =>
    expectRefused(
      `SPARK_CONF_${name}=200`,
      `SPARK_CONF_${name}: `,
      `is set by cpu-anomaly (${OWN_SPARK_PROPERTIES[name]})`,
      'remove it',
    ),
  )
})

describe('a Spark property', () => {
  it.each<RefusedLine>([
    ['SPARK_CONF_spark.kubernetes.namespace=x', 'SPARK_CONF_spark.k', 'this cluster manager', 'remove it'],
    ['SPARK_CONF_spark.worker.timeout=9', 'SPARK_CONF_spark.w', 'belongs to a daemon', 'remove it'],
    ['SPARK_CONF_spark.driver.cores=2', 'SPARK_CONF_spark.d', 'only in cluster mode', 'remove it'],
    ['SPARK_CONF_spark.driver.memoryOverhead=1g', 'SPARK_CONF_spark.d', 'only on YARN', 'remove it'],
    ['SPARK_CONF_spark.executor.minMemoryOverhead=1g', 'SPARK_CONF_spark.e', 'only on YARN', 'remove it'],
    ['SPARK_CONF_spark.streaming.blockInterval=9', 'SPARK_CONF_spark.s', 'belongs to DStreams', 'remove it'],
    ['SPARK_CONF_spark.ui.retainedJob=9', 'SPARK_CONF_spark.u', 'not a property', 'spark.ui.retainedJobs?'],
    ['SPARK_CONF_spark.UI.retainedjobs=9', 'SPARK_CONF_spark.U', 'not a property', 'spark.ui.retainedJobs?'],
  ])('that does nothing is refused: %s', expectRefused)

  it.each<AcceptedInput>(
    [
      'spark.ui.retainedJobs',
      'spark.jars.ivySettings',
      'spark.driver.extraJavaOptions',
      'spark.hadoop.fs.s3a.endpoint',
      'spark.default.parallelism',
      'spark.sql.streaming.stateStore.rocksdb.blockCacheSizeMB',
    ].map((name) => [name, { env: `SPARK_CONF_${name}=200\n` }, { spark: { conf: { [name]: '200' } } }]),
  )('of Spark is accepted: %s', expectAccepted)

  it.each([
    ['spark.acme.listener.url', 'does not know this property'],
    ['spark.executor.cores', 'takes effect only on the docker runtime'],
  ])('that may do nothing is warned about: %s', async (name, expected) => {
    const { warnings } = await load({ set: [`SPARK_CONF_${name}=2`] })
    expect(warnings).toEqual([expect.stringContaining(expected)])
  })
})

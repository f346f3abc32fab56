import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../package/root.ts'
import { refusedOnKubernetes } from './kubernetes-properties.ts'
import { type AcceptedInput, expectAccepted, expectRefused, type RefusedLine } from './load.fixture.ts'

const SOURCE = join(packageRoot, 'orchestrator', 'src', 'runtime', 'kubernetes', 'job-environment.ts')
const HERE = 'SPARK_MASTER=k8s://http://127.0.0.1:1\n'

/** Set only where the user does not, or read to make something else of it. */
const OPEN = [
  'spark.driver.blockManager.port',
  'spark.driver.port',
  'spark.executor.cores',
  'spark.kubernetes.driver.master',
  'spark.kubernetes.namespace',
]
/** The user's options are added to ours. */
const EXTENDED = 'spark.driver.extraJavaOptions'

describe('a Spark property on Kubernetes', () => {
  const code = readFileSync(SOURCE, 'utf8')
  const names = [...code.matchAll(/'(spark\.[A-Za-z][\w.]*\w)'/g)].map(([, name = '']) => name)
  const fixed = [...new Set(names)].filter((name) => ![...OPEN, EXTENDED].includes(name))

  it.each(fixed)('that this tool sets there is refused: %s', (name) => {
    expect(refusedOnKubernetes(name, false)).toMatch(/is set by cpu-anomaly|has no effect/)
  })

  it('is one of many', () => expect(fixed.length).toBeGreaterThan(10))

  it.each<RefusedLine>([
    [
      `${HERE}SPARK_CONF_spark.executor.instances=3`,
      'SPARK_CONF_spark.executor.i',
      'use SPARK_CORES',
      'remove it',
    ],
    [
      `${HERE}SPARK_CONF_spark.kubernetes.driver.label.a=b`,
      'SPARK_CONF_spark.k',
      'write a pod template',
      'name it',
    ],
    [
      `${HERE}SPARK_CONF_spark.kubernetes.authenticate.caCertFile=/x`,
      'SPARK_CONF_spark.k',
      'service account',
      'name one',
    ],
    [`${HERE}SPARK_CONF_spark.authenticate.secret=x`, 'SPARK_CONF_spark.a', 'share a secret', 'remove it'],
  ])('that would do nothing is refused: %s', expectRefused)

  it.each<AcceptedInput>(
    [
      'spark.kubernetes.executor.annotation.a',
      'spark.kubernetes.node.selector.disk',
      'spark.kubernetes.driverEnv.HADOOP_USER_NAME',
      'spark.executor.memoryOverhead',
      'spark.blockManager.port',
      'spark.ssl.keyPassword',
      ...OPEN,
    ].map((name) => [name, { env: `${HERE}SPARK_CONF_${name}=2\n` }, { spark: { conf: { [name]: '2' } } }]),
  )('that takes effect is accepted: %s', expectAccepted)
})

describe('the places beside Kubernetes', () => {
  const REMOTE = 'SPARK_MASTER=k8s://https://h:6443\n'

  it.each<RefusedLine>([
    [
      `${REMOTE}CHECKPOINT_LOCATION=hdfs://h/p`,
      'SPARK_MASTER=',
      "cannot reach this stack's own broker",
      'KAFKA_SERVERS',
    ],
    [`${REMOTE}KAFKA_SERVERS=k:1`, 'SPARK_MASTER=', 'cannot reach STORAGE_DIR', 'CHECKPOINT_LOCATION=hdfs'],
    [
      `${REMOTE}KAFKA_SERVERS=k:1\nCHECKPOINT_LOCATION=file:///x`,
      'CHECKPOINT_LOCATION=file:///x',
      'do not share',
      'hdfs://',
    ],
    [`${HERE}RUNTIME=docker`, 'RUNTIME=docker', 'SPARK_MASTER names', 'leave one'],
  ])('must be reached by its pods: %s', expectRefused)
})

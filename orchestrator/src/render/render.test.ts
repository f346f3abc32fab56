import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { load, refusal } from '../config/load.fixture.ts'
import { microBatchPlan } from '../job/query-plan.ts'
import { prepareJob } from '../query/prepare.ts'
import { givenBrokerAccess } from '../runtime/given-broker.ts'
import { kubernetesJobEnvironment } from '../runtime/kubernetes/job-environment.ts'
import { jobObjects } from '../runtime/kubernetes/job-objects.ts'
import { newFolder } from '../system/folder.fixture.ts'
import { renderKubernetes, renderSecret } from './kubernetes.ts'
import { renderSparkOperator } from './spark-operator.ts'
import { renderSparkSubmit } from './spark-submit.ts'
import { writeRendering } from './write.ts'

const CHECKPOINT = 'hdfs://h:8020/cp'
const SHARED = `KAFKA_SERVERS=k:9092\nKAFKA_USERNAME=u\nKAFKA_PASSWORD=canary\nCHECKPOINT_LOCATION=${CHECKPOINT}\n`
const ON_KUBERNETES = `${SHARED}SPARK_MASTER=k8s://https://h:6443\n`

const configOf = async (env: string) => (await load({ env })).config

describe('the files for Kubernetes', () => {
  it('are what submit applies', async () => {
    const config = await configOf(ON_KUBERNETES)
    const { files } = await renderKubernetes(config)
    const environment = kubernetesJobEnvironment(config, givenBrokerAccess(config.kafka), CHECKPOINT)
    const job = await prepareJob(config, environment, microBatchPlan(config))
    const rendered = files.filter(({ path }) => path.endsWith('.yaml')).map(({ text }) => parse(text))
    expect(rendered).toEqual(JSON.parse(JSON.stringify(await jobObjects(config, CHECKPOINT, job))))
  })

  it('are the same bytes for the same settings, without a secret and without a path of this machine', async () => {
    const [one, two] = await Promise.all([configOf(ON_KUBERNETES), configOf(ON_KUBERNETES)])
    const { files } = await renderKubernetes(one)
    expect(files).toEqual((await renderKubernetes(two)).files)
    const text = files.map((file) => file.text).join()
    expect(text).not.toContain('canary')
    expect(text).not.toContain(one.folder)
  })

  it('have their secrets in a manifest of its own', async () => {
    const { kind, data } = parse(renderSecret(await configOf(ON_KUBERNETES)))
    expect(kind).toBe('Secret')
    expect(Buffer.from(data['kafka-secrets.json'], 'base64').toString()).toContain('canary')
  })

  it('leave the id of the Kafka cluster to the driver', async () => {
    const { files } = await renderKubernetes(await configOf(ON_KUBERNETES))
    const { data } = parse(files.find(({ path }) => path.includes('configmap'))?.text ?? '')
    expect(data['job.py']).toContain('WINDOW_DURATION')
    expect(data['job.py']).not.toContain('KAFKA_CLUSTER_ID')
  })

  it.each([
    ['CHECKPOINT_LOCATION', `SPARK_MASTER=k8s://http://127.0.0.1:1\nKAFKA_SERVERS=k:1\n`],
    ['KAFKA_SERVERS', `SPARK_MASTER=k8s://http://127.0.0.1:1\nCHECKPOINT_LOCATION=${CHECKPOINT}\n`],
    ['INPUT_FORMAT=auto', `${ON_KUBERNETES}INPUT_FORMAT=auto\n`],
  ])('need %s', async (key, env) => {
    const error = await refusal(renderKubernetes(await configOf(env)))
    expect(error).toMatchObject({ code: 'CONFIGURATION', message: expect.stringContaining(key) })
  })
})

describe('the files for spark-submit', () => {
  const ON_STANDALONE = `${SHARED}SPARK_MASTER=spark://m:7077\n`

  it('name no secret in the script, and the jars with their checksums', async () => {
    const { files } = await renderSparkSubmit(await configOf(ON_STANDALONE))
    const text = (path: string) => files.find((file) => file.path === path)?.text ?? ''
    expect(files.map((file) => file.text).join()).not.toContain('canary')
    expect(text('submit.sh')).toMatch(/^ {2}--master spark:\/\/m:7077 \\$/m)
    expect(text('README.md')).toContain('kafka-secrets.json')
    expect(text('jars.txt').trim().split('\n')).toHaveLength(text('jars.sha256').trim().split('\n').length)
  })

  it.each([
    [
      'SPARK_MASTER=spark://m:7077\nSPARK_CORES=3\nSPARK_CONF_spark.authenticate=true\nSPARK_CONF_spark.authenticate.secret=s',
      ['spark.cores.max=3', 'spark.network.crypto.enabled=true'],
    ],
    [
      'SPARK_MASTER=yarn\nSPARK_CORES=3',
      ['spark.executor.instances=3', 'spark.authenticate=true', 'spark.network.crypto.enabled=true'],
    ],
  ])('takes as much of the cluster as submit does, and encrypts as much: %s', async (env, options) => {
    const { files } = await renderSparkSubmit(await configOf(`${SHARED}${env}\n`))
    const script = files.find(({ path }) => path === 'submit.sh')?.text
    for (const option of options) expect(script).toContain(`--conf ${option} `)
    expect(script?.includes('spark.cores.max')).toBe(env.includes('spark://'))
  })

  it('are not for a driver inside of YARN', async () => {
    const env = `${SHARED}SPARK_MASTER=yarn\nSPARK_DEPLOY_MODE=cluster\n`
    const error = await refusal(renderSparkSubmit(await configOf(env)))
    expect(error.message).toContain('SPARK_DEPLOY_MODE=cluster')
  })

  it('are not for a driver outside of Kubernetes', async () => {
    const error = await refusal(renderSparkSubmit(await configOf(ON_KUBERNETES)))
    expect(error.hint).toContain('--target kubernetes')
  })
})

it.each([renderKubernetes, renderSparkOperator])('%o is not for another cluster', async (render) => {
  const error = await refusal(render(await configOf(`${SHARED}SPARK_MASTER=yarn\n`)))
  expect(error.message).toMatch(/^SPARK_MASTER=yarn: the target [a-z-]+ is for a Kubernetes$/)
})

describe('the files for the Spark operator', () => {
  it('are a SparkApplication whose files are in a ConfigMap', async () => {
    const { files } = await renderSparkOperator(await configOf(ON_KUBERNETES))
    const application = parse(files.find(({ path }) => path.includes('sparkapplication'))?.text ?? '')
    expect(application).toMatchObject({
      apiVersion: 'sparkoperator.k8s.io/v1beta2',
      spec: { mainApplicationFile: 'local:///opt/cpu-anomaly/job/job.py', executor: { instances: 2 } },
    })
    const { driver, executor, sparkConf } = application.spec
    expect([driver, executor].map(({ labels }) => labels['app.kubernetes.io/component'])).toEqual([
      'driver',
      'executor',
    ])
    expect(sparkConf['spark.driver.extraJavaOptions']).toContain('/opt/cpu-anomaly/job/log4j2.properties')
    const [map] = application.spec.volumes
    expect(map.configMap.items).toContainEqual({ key: 'log4j2.properties', path: 'log4j2.properties' })
    expect(map.configMap.items).toContainEqual({
      key: 'cpu_anomaly.driver.py',
      path: 'cpu_anomaly/driver.py',
    })
    expect(files.map((file) => file.text).join()).not.toContain('canary')
  })

  it('have no place for secret properties', async () => {
    const env = ON_KUBERNETES.replace(CHECKPOINT, 's3a://b/cp')
    const secret = 'SPARK_CONF_spark.hadoop.fs.s3a.secret.key=canary\n'
    const error = await refusal(renderSparkOperator(await configOf(env + secret)))
    expect(error.message).toContain('spark.hadoop.fs.s3a.secret.key')
  })
})

describe('a folder', () => {
  const files = (...paths: string[]) => paths.map((path) => ({ path, text: path }))

  it('holds exactly the files of the last rendering', async () => {
    const folder = join(await newFolder(), 'new')
    await writeRendering(folder, files('a', 'd/b'), false)
    await writeRendering(folder, files('a', 'c'), false)
    const there = await readdir(folder, { recursive: true, withFileTypes: true })
    const names = there.filter((entry) => entry.isFile()).map(({ name }) => name)
    expect(names.sort()).toEqual(['.cpu-anomaly-rendered', 'a', 'c'])
  })

  it('cannot be a file, nor lie in one', async () => {
    const file = join(await newFolder(), 'file')
    await writeFile(file, 'x')
    for (const folder of [file, join(file, 'x')])
      expect(await refusal(writeRendering(folder, files('a'), true))).toMatchObject({ code: 'FILE_EXISTS' })
    expect(await readFile(file, 'utf8')).toBe('x')
  })

  it('with other files is refused, unless that is forced', async () => {
    const folder = await newFolder()
    await writeFile(join(folder, 'mine'), 'x')
    expect(await refusal(writeRendering(folder, files('a'), false))).toMatchObject({ code: 'FILE_EXISTS' })
    expect(await readdir(folder)).toEqual(['mine'])
    await writeRendering(folder, files('a'), true)
    expect(await readFile(join(folder, 'mine'), 'utf8')).toBe('x')
  })
})

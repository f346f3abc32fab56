import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { load, refusal } from '../../config/load.fixture.ts'
import { microBatchPlan } from '../../job/query-plan.ts'
import { prepareJob } from '../../query/prepare.ts'
import { newFolder } from '../../system/folder.fixture.ts'
import { givenBrokerAccess } from '../given-broker.ts'
import { kubernetesJobEnvironment } from './job-environment.ts'
import { jobObjects } from './job-objects.ts'
import { secretObject } from './secret.ts'

const CHECKPOINT = 's3a://bucket/cp'
const SETTINGS = `SPARK_MASTER=k8s://https://h:6443
KAFKA_SERVERS=k:9092
KAFKA_USERNAME=u
KAFKA_PASSWORD=canary-kafka
CHECKPOINT_LOCATION=${CHECKPOINT}
SPARK_CONF_spark.hadoop.fs.s3a.secret.key=canary-s3
SPARK_CONF_spark.kubernetes.namespace=team
`

// biome-ignore lint/suspicious/noExplicitAny: tests look into objects of every kind
type Loose = any

async function objectsFor(env: string): Promise<Record<string, Loose>> {
  const { config } = await load({ env: SETTINGS + env })
  const environment = kubernetesJobEnvironment(config, givenBrokerAccess(config.kafka), CHECKPOINT)
  const job = await prepareJob(config, environment, microBatchPlan(config))
  const objects = await jobObjects(config, CHECKPOINT, job)
  return Object.fromEntries(objects.map((object) => [object.kind, object]))
}

describe('the objects of a job', () => {
  it('all have one name, which follows from the checkpoint, and the namespace of the settings', async () => {
    const objects = Object.values(await objectsFor(''))
    expect(objects.map(({ kind }) => kind)).toEqual([
      'ServiceAccount',
      'Role',
      'RoleBinding',
      'ConfigMap',
      'Deployment',
    ])
    expect(new Set(objects.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`))).toEqual(
      new Set(['team/cpu-anomaly-7e747347']),
    )
  })

  it('hold no secret: those are in a Secret of their own', async () => {
    const text = JSON.stringify(await objectsFor(''))
    expect(text).not.toContain('canary')
    const { data } = secretObject('n', 'team', {
      secrets: { a: 'canary' },
      sparkSecrets: { 'spark.b': 'canary' },
    }) as Loose
    const files = Object.values<string>(data).map((each) => Buffer.from(each, 'base64').toString())
    expect(files).toEqual(['{"a":"canary"}', 'spark.b=canary\n', expect.stringMatching(/^[0-9a-f]{64}$/)])
  })

  it('run a pod that may do little, is never there twice, and is ready once the query runs', async () => {
    const { spec } = (await objectsFor('')).Deployment
    expect(spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } })
    const pod = spec.template.spec
    expect(pod).toMatchObject({
      serviceAccountName: 'cpu-anomaly-7e747347',
      terminationGracePeriodSeconds: 60,
      securityContext: { runAsNonRoot: true, runAsUser: 185 },
    })
    expect(pod.containers).toMatchObject([
      {
        image: 'apache/spark:4.3.0-scala2.13-java17-python3-ubuntu',
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        readinessProbe: { exec: { command: ['test', '-e', '/opt/cpu-anomaly/work/ready'] } },
        resources: { limits: { memory: '1792Mi' }, requests: { cpu: '500m' } },
      },
    ])
    expect(pod.volumes).toContainEqual({
      name: 'secrets',
      secret: { secretName: 'cpu-anomaly-7e747347', defaultMode: 0o400 },
    })
  })

  it('name executors by SPARK_CORES and SPARK_WORKER_MEMORY', async () => {
    const args = async (env: string) =>
      (await objectsFor(env)).Deployment.spec.template.spec.containers[0].args.filter((arg: string) =>
        arg.startsWith('spark.executor.'),
      )
    expect(await args('SPARK_CORES=6\nSPARK_WORKER_MEMORY=3g\nSPARK_CONF_spark.executor.cores=4\n')).toEqual(
      expect.arrayContaining([
        'spark.executor.instances=2',
        'spark.executor.cores=4',
        'spark.executor.memory=3g',
      ]),
    )
    expect(await args('SPARK_CORES=3\n')).toContain('spark.executor.instances=3')
  })

  it('have the jars of S3 only for a checkpoint there, and all files of the job', async () => {
    const { data } = (await objectsFor('')).ConfigMap
    expect(Object.keys(data)).toEqual(
      expect.arrayContaining(['job.py', 'run_pod.py', 'supervise.py', 'cpu_anomaly.accounting.lease.py']),
    )
    expect(Object.keys(JSON.parse(data['jars.json']))).toEqual(['connector', 's3a'])
    expect(Object.keys(data).every((key) => /^[-._a-zA-Z0-9]+$/.test(key))).toBe(true)
  })

  it('change the pod when a file changes, and only then', async () => {
    const hash = async (env: string) => (await objectsFor(env)).Deployment.spec.template.metadata.annotations
    expect(await hash('')).toEqual(await hash(''))
    expect(await hash('NORMAL_MEAN=20\n')).not.toEqual(await hash(''))
  })

  it('leave the account out that the owner of the cluster has made', async () => {
    const objects = await objectsFor(
      'SPARK_CONF_spark.kubernetes.authenticate.driver.serviceAccountName=spark\n',
    )
    expect(Object.keys(objects)).toEqual(['ConfigMap', 'Deployment'])
    expect(objects.Deployment.spec.template.spec.serviceAccountName).toBe('spark')
  })
})

describe("the user's pod templates", () => {
  async function template(text: string): Promise<string> {
    const file = join(await newFolder(), 'pod.yaml')
    await writeFile(file, text)
    return file
  }

  it('are under what this tool says, for driver and executors', async () => {
    const file = await template(`
kind: Pod
metadata: {annotations: {a: b}}
spec:
  hostNetwork: true
  tolerations: [{key: spot}]
  securityContext: {runAsUser: 0}
  containers: [{name: driver, env: [{name: HADOOP_USER_NAME, value: me}]}, {name: sidecar, image: x}]
`)
    const properties = ['driver', 'executor'].map(
      (pod) => `SPARK_CONF_spark.kubernetes.${pod}.podTemplateFile=${file}\n`,
    )
    const { Deployment, ConfigMap } = await objectsFor(properties.join(''))
    const { metadata, spec } = Deployment.spec.template
    expect(metadata.annotations).toMatchObject({ a: 'b' })
    expect(spec).toMatchObject({
      hostNetwork: true,
      tolerations: [{ key: 'spot' }],
      securityContext: { runAsUser: 185 },
    })
    expect(spec.containers.map(({ name }: Loose) => name)).toEqual(['driver', 'sidecar'])
    expect(spec.containers[0].env).toContainEqual({ name: 'HADOOP_USER_NAME', value: 'me' })
    const executor = parse(ConfigMap.data['executor-pod.yaml'])
    expect(executor.spec).toMatchObject({ hostNetwork: true, securityContext: { runAsNonRoot: true } })
    expect(executor.spec.containers[0].name).toBe('executor')
    expect(JSON.stringify(Deployment)).not.toContain(file)
  })

  it.each([
    ['a list', '- a\n', /not a pod/],
    ['no YAML', 'a: [\n', /podTemplateFile=/],
    ['another kind', 'kind: Deployment\n', /not a pod/],
  ])('are refused if they are %s', async (_, text, message) => {
    const file = await template(text)
    const error = await refusal(objectsFor(`SPARK_CONF_spark.kubernetes.driver.podTemplateFile=${file}\n`))
    expect(error.code).toBe('CONFIGURATION')
    expect(error.message).toMatch(message)
  })
})

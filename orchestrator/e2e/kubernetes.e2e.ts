import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { badRecords } from './helpers/bad-records.ts'
import { FakeKubernetes, hasFakeKubernetes } from './helpers/fake-kubernetes.ts'
import { GivenKafka, hasGivenKafka } from './helpers/given-kafka.ts'
import { GivenKubernetes, hasGivenKubernetes } from './helpers/given-kubernetes.ts'
import {
  expectAccounted,
  expectNothingLeft,
  expectOrderly,
  expectWindows,
  lastValues,
} from './helpers/guarantees.ts'
import { send } from './helpers/kafka.ts'
import { everywhere } from './helpers/modes.ts'
import { expectNoSecret } from './helpers/no-secret.ts'
import {
  goldenFile,
  goldenSamples,
  hasGolden,
  steadySamples,
  toRecord,
  toRecords,
} from './helpers/samples.ts'
import { removalsDone, Stack } from './helpers/stack.ts'
import type { TestKubernetes } from './helpers/test-kubernetes.ts'

const EXECUTORS = 2
/** Each pod starts JVMs of its own, and fetches jars. */
const LONG_MS = 600_000
/** The first start of a real one builds it. */
const BUILD_MS = 1_800_000
const SECRET = 'canary-0b5e'

const isReal = everywhere && (await hasGivenKubernetes())

/** A folder whose job runs on the cluster; its broker is its own, on this machine as the pods are. */
async function prepare(cluster: TestKubernetes, settings: Record<string, string> = {}): Promise<Stack> {
  return Stack.create('local', { ...(await cluster.settings()), ...settings })
}

async function newStack(cluster: TestKubernetes, settings: Record<string, string> = {}): Promise<Stack> {
  const stack = await prepare(cluster, settings)
  await stack.ok('up')
  return stack
}

/** What must hold on each cluster. */
function runsTheJob(cluster: () => TestKubernetes): void {
  it.skipIf(!hasGolden)(
    'finds the golden case, keeps secrets to itself, and is left without anything of it',
    async () => {
      const secret = { 'SPARK_CONF_spark.ssl.keyPassword': SECRET }
      const stack = await newStack(cluster(), secret)
      await stack.ok('submit')
      await stack.ok('produce', goldenFile)
      const status = await stack.untilRead(10_000)
      expectWindows(await lastValues(stack), goldenSamples())
      await expectAccounted(stack, status, 10_000)
      await expectOrderly(stack, 'micro-batch', 0, EXECUTORS)
      expect(await cluster().pods('executor')).toHaveLength(EXECUTORS)
      expect(await cluster().holders(SECRET)).toEqual(['secrets'])
      expect(await cluster().logs()).toContain(' ready batch=0')
      expect(await cluster().logs()).not.toContain(SECRET)
      await expectNoSecret(stack, [SECRET], { file: '.env', elsewhere: cluster().elsewhere })
      await stack.ok('stop')
      expect(await stack.ok('logs', 'driver')).toContain(' stopped batch=')
      await stack.ok('down')
      expect(await cluster().left()).toEqual([])
      await expectNothingLeft(stack)
    },
    LONG_MS,
  )

  it(
    'loses and duplicates nothing when the pod of an executor is deleted, and then that of the driver',
    async () => {
      const stack = await newStack(cluster())
      await stack.ok('submit')
      const startMs = Math.floor(Date.now() / 1_000) * 1_000 - 600_000
      const samples = steadySamples(startMs, 12_000, 25)
      const bad = badRecords(startMs)
      await send(stack.broker, stack.topics.input, [...samples.slice(0, 4_000).map(toRecord), ...bad])
      await stack.untilRead(4_000 + bad.length)
      await send(stack.broker, stack.topics.input, toRecords(samples.slice(4_000, 8_000)))
      await cluster().deletePod((await cluster().pods('executor'))[0] ?? '')
      await stack.untilRead(8_000 + bad.length)
      await send(stack.broker, stack.topics.input, toRecords(samples.slice(8_000, 10_000)))
      await cluster().deletePod((await cluster().pods('driver'))[0] ?? '')
      await send(stack.broker, stack.topics.input, toRecords(samples.slice(10_000)))
      const total = samples.length + bad.length
      const status = await stack.untilRead(total)
      const accepted = bad.flatMap(({ sample }) => (sample ? [sample] : []))
      expect(status.progress).toMatchObject({ late: 0, deadLettered: bad.length - accepted.length })
      expectWindows(await lastValues(stack), [...samples, ...accepted])
      await expectAccounted(stack, status, total)
      // Tasks of the lost executor run again on the other; the new driver repeats the batch of the old one.
      await expectOrderly(stack, 'micro-batch', 2 * EXECUTORS, EXECUTORS)
    },
    LONG_MS,
  )
}

describe.skipIf(!hasFakeKubernetes)('a Kubernetes API whose pods are processes', () => {
  let cluster: FakeKubernetes
  beforeAll(async () => {
    cluster = await FakeKubernetes.start()
  })
  afterAll(async () => {
    await removalsDone()
    await cluster?.remove()
  })

  runsTheJob(() => cluster)

  it('says which rights are missing before it applies anything', async () => {
    const stack = await newStack(cluster)
    cluster.deny('create secrets', 'patch secrets')
    const { exitCode, stdout, stderr } = await stack.cli(['submit'])
    cluster.deny()
    expect(exitCode).toBe(4)
    expect(stderr).toContain('lacks rights in the namespace spark: create, patch secrets')
    expect(stdout).toContain(
      'kubectl -n spark create role cpu-anomaly-user-secrets --verb=create,patch --resource=secrets',
    )
    expect(await cluster.left()).toEqual([])
  })
})

describe.skipIf(!isReal)('a Kubernetes with containers (in the longer run)', () => {
  let cluster: GivenKubernetes
  beforeAll(async () => {
    cluster = await GivenKubernetes.start()
  }, BUILD_MS)
  afterAll(async () => {
    await removalsDone()
    await cluster?.remove()
  })

  runsTheJob(() => cluster)

  it.skipIf(!hasGolden || !hasGivenKafka)(
    'finds the golden case in a Kafka that is already there, and shows no login',
    async () => {
      const kafka = await GivenKafka.start()
      onTestFinished(() => kafka.remove())
      const settings = { ...(await kafka.settings('scram')), ...(await cluster.settings()) }
      const stack = await Stack.create('local', settings, kafka.internal)
      await stack.ok('up')
      await stack.ok('submit')
      await stack.ok('produce', goldenFile, '--settings', join(kafka.folder, 'env.feeder'))
      const status = await stack.untilRead(10_000)
      expectWindows(await lastValues(stack), goldenSamples())
      await expectAccounted(stack, status, 10_000)
      await expectNoSecret(stack, ['tool "secret" #1'], { file: '.env', elsewhere: cluster.elsewhere })
      await stack.ok('down')
      expect(await cluster.left()).toEqual([])
    },
    LONG_MS,
  )

  it(
    'works with the rights that the printed commands give, and with no others',
    async () => {
      await cluster.becomeNewcomer()
      const stack = await prepare(cluster)
      const refused = await stack.cli(['up'])
      expect(refused).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('lacks rights') })
      await cluster.paste(refused.stdout)
      await stack.ok('up')
      await stack.ok('submit')
      await send(stack.broker, stack.topics.input, toRecords(steadySamples(Date.now() - 600_000, 1_000, 25)))
      await stack.untilRead(1_000)
      await stack.ok('down')
      expect(await cluster.left()).toEqual([])
    },
    LONG_MS,
  )

  it('accepts what `render` has written', async () => {
    const stack = await prepare(cluster, { KAFKA_SERVERS: 'kafka.example.org:9092' })
    await stack.ok('render', '--target', 'kubernetes', '--output', 'files')
    const files = (await readdir(join(stack.folder, 'files'))).filter((file) => /\.ya?ml$/.test(file))
    expect(files).not.toEqual([])
    for (const file of files)
      await cluster.kubectl(
        'apply',
        '--server-side',
        '--dry-run=server',
        '-f',
        join(stack.folder, 'files', file),
      )
  })
})

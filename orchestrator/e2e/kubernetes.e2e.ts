import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { badRecords } from './helpers/bad-records.ts'
import { FakeKubernetes, hasFakeKubernetes } from './helpers/fake-kubernetes.ts'
import {
  expectAccounted,
  expectNothingLeft,
  expectOrderly,
  expectWindows,
  lastValues,
} from './helpers/guarantees.ts'
import { send } from './helpers/kafka.ts'
import {
  goldenFile,
  goldenSamples,
  hasGolden,
  steadySamples,
  toRecord,
  toRecords,
} from './helpers/samples.ts'
import { removalsDone, Stack } from './helpers/stack.ts'

const EXECUTORS = 2
/** Each pod starts JVMs of its own, and fetches jars. */
const LONG_MS = 600_000
const SECRET = 'canary-0b5e'

/** A folder whose job runs on the cluster; its broker is its own, on this machine as the pods are. */
async function newStack(cluster: FakeKubernetes, settings: Record<string, string> = {}): Promise<Stack> {
  const stack = await Stack.create('local', { ...(await cluster.settings()), ...settings })
  await stack.ok('up')
  return stack
}

describe.skipIf(!hasFakeKubernetes)('a Kubernetes that is already there', () => {
  let cluster: FakeKubernetes
  beforeAll(async () => {
    cluster = await FakeKubernetes.start()
  })
  afterAll(async () => {
    await removalsDone()
    await cluster?.remove()
  })

  it.skipIf(!hasGolden)(
    'finds the golden case, keeps secrets to itself, and is left without anything of it',
    async () => {
      const secret = { 'SPARK_CONF_spark.ssl.keyPassword': SECRET }
      const stack = await newStack(cluster, secret)
      await stack.ok('submit')
      await stack.ok('produce', goldenFile)
      const status = await stack.untilRead(10_000)
      expectWindows(await lastValues(stack), goldenSamples())
      await expectAccounted(stack, status, 10_000)
      await expectOrderly(stack, 'micro-batch', 0, EXECUTORS)
      expect(await cluster.pods('executor')).toHaveLength(EXECUTORS)
      expect(await cluster.holders(SECRET)).toEqual(['secrets'])
      await stack.ok('stop')
      expect(await stack.ok('logs', 'driver')).toContain(' stopped batch=')
      await stack.ok('down')
      expect(await cluster.left()).toEqual([])
      await expectNothingLeft(stack)
    },
    LONG_MS,
  )

  it(
    'loses and duplicates nothing when the pod of an executor is deleted, and then that of the driver',
    async () => {
      const stack = await newStack(cluster)
      await stack.ok('submit')
      const startMs = Math.floor(Date.now() / 1_000) * 1_000 - 600_000
      const samples = steadySamples(startMs, 12_000, 25)
      const bad = badRecords(startMs)
      await send(stack.broker, stack.topics.input, [...samples.slice(0, 4_000).map(toRecord), ...bad])
      await stack.untilRead(4_000 + bad.length)
      await send(stack.broker, stack.topics.input, toRecords(samples.slice(4_000, 8_000)))
      await cluster.deletePod((await cluster.pods('executor'))[0] ?? '')
      await stack.untilRead(8_000 + bad.length)
      await send(stack.broker, stack.topics.input, toRecords(samples.slice(8_000, 10_000)))
      await cluster.deletePod((await cluster.pods('driver'))[0] ?? '')
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

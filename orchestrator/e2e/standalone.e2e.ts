import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { badRecords } from './helpers/bad-records.ts'
import { GivenKafka, hasGivenKafka } from './helpers/given-kafka.ts'
import { GivenSpark, hasGivenSpark } from './helpers/given-spark.ts'
import {
  expectAccounted,
  expectNothingLeft,
  expectOrderly,
  expectWindows,
  lastValues,
} from './helpers/guarantees.ts'
import { send } from './helpers/kafka.ts'
import { expectNoSecret } from './helpers/no-secret.ts'
import {
  goldenFile,
  goldenSamples,
  hasGolden,
  steadySamples,
  toRecord,
  toRecords,
} from './helpers/samples.ts'
import { Stack, type Status } from './helpers/stack.ts'

const EXECUTORS = 3

const livingWorkers = ({ parts }: Status): number =>
  parts.filter(({ part, state }) => part === 'spark-worker' && state === 'running').length

/** A folder whose job runs on the cluster; its broker is its own, on this machine as the workers are. */
async function newStack(cluster: GivenSpark): Promise<Stack> {
  const stack = await Stack.create('local', { RUNTIME: 'auto', ...(await cluster.settings()) })
  await stack.ok('up')
  return stack
}

describe.skipIf(!hasGivenSpark)('a standalone Spark cluster that is already there', () => {
  let cluster: GivenSpark
  beforeAll(async () => {
    cluster = await GivenSpark.start()
  })
  afterAll(() => cluster?.remove())

  it.skipIf(!hasGolden || !hasGivenKafka)(
    'finds the golden case in a Kafka that is already there, shows no secret, and is left as it was',
    async () => {
      const kafka = await GivenKafka.start()
      onTestFinished(() => kafka.remove())
      const settings = { ...(await kafka.settings('scram')), ...(await cluster.settings()) }
      const stack = await Stack.create('local', { RUNTIME: 'auto', ...settings }, kafka.internal)
      await stack.ok('up')
      await stack.ok('submit')
      await stack.ok('produce', goldenFile, '--settings', join(kafka.folder, 'env.feeder'))
      const status = await stack.untilRead(10_000)
      expectWindows(await lastValues(stack), goldenSamples())
      await expectAccounted(stack, status, 10_000)
      await expectOrderly(stack, 'micro-batch', 0, EXECUTORS)
      await expectNoSecret(stack, ['tool "secret" #1'])
      expect(livingWorkers(status)).toBe(3)
      await stack.ok('down')
      await expectNothingLeft(stack)
      expect(livingWorkers(await stack.status())).toBe(3)
    },
  )

  it('loses and duplicates nothing when a worker is killed in mid batch, and then the driver', async () => {
    const stack = await newStack(cluster)
    await stack.ok('submit')
    const startMs = Math.floor(Date.now() / 1_000) * 1_000 - 600_000
    const samples = steadySamples(startMs, 12_000, 25)
    const bad = badRecords(startMs)
    await send(stack.broker, stack.topics.input, [...samples.slice(0, 4_000).map(toRecord), ...bad])
    await stack.untilRead(4_000 + bad.length)
    await send(stack.broker, stack.topics.input, toRecords(samples.slice(4_000, 8_000)))
    await cluster.killWorker(2)
    await stack.untilRead(8_000 + bad.length)
    await cluster.reviveWorker(2)
    await send(stack.broker, stack.topics.input, toRecords(samples.slice(8_000, 10_000)))
    await stack.killDriver()
    await send(stack.broker, stack.topics.input, toRecords(samples.slice(10_000)))
    const total = samples.length + bad.length
    const status = await stack.untilRead(total)
    expect(status.driver?.restarts).toBe(1)
    const accepted = bad.flatMap(({ sample }) => (sample ? [sample] : []))
    expect(status.progress).toMatchObject({ late: 0, deadLettered: bad.length - accepted.length })
    expectWindows(await lastValues(stack), [...samples, ...accepted])
    await expectAccounted(stack, status, total)
    // Tasks of the lost executor run again on the others.
    await expectOrderly(stack, 'micro-batch', 2 * EXECUTORS, EXECUTORS)
  })
})

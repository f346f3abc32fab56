import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { badRecords } from './helpers/bad-records.ts'
import { GivenYarn, hasGivenYarn } from './helpers/given-yarn.ts'
import {
  expectAccounted,
  expectNothingLeft,
  expectOrderly,
  expectWindows,
  lastValues,
} from './helpers/guarantees.ts'
import { send } from './helpers/kafka.ts'
import { expectNoSecret, pagesOf } from './helpers/no-secret.ts'
import {
  goldenFile,
  goldenSamples,
  hasGolden,
  steadySamples,
  toRecord,
  toRecords,
} from './helpers/samples.ts'
import { removalsDone, Stack, type Status } from './helpers/stack.ts'

const EXECUTORS = 2
/** Three or four JVMs have to start for a driver, on a machine that others may use. */
const START_MS = 400_000
const PATIENTLY = ['--timeout-seconds', String(START_MS / 1_000)]
const TEST_MS = 900_000
const CANARY = 'canary-of-this-test'

/** A folder whose job runs on the cluster; its broker is its own, on this machine as the nodes are. */
async function newStack(cluster: GivenYarn, settings: Record<string, string>): Promise<Stack> {
  const stack = await Stack.create('local', {
    RUNTIME: 'auto',
    ...(await cluster.settings()),
    ...settings,
  })
  await stack.ok('up')
  return stack
}

/** Files with the login that only their owner reads: the broker's, what YARN hands to the containers, and HDFS' own blocks. */
const PRIVATE =
  /\/storage\/run\/|\/usercache\/[^/]+\/filecache\/\d+\/kafka-secrets\.json$|\/blocks\/.*\/blk_\d+$/

describe.skipIf(!hasGivenYarn)('a YARN cluster that is already there', () => {
  let cluster: GivenYarn
  beforeAll(async () => {
    cluster = await GivenYarn.start()
  })
  afterAll(async () => {
    await removalsDone().finally(() => cluster?.remove())
    vi.unstubAllEnvs()
  })

  it.skipIf(!hasGolden)(
    'runs the executors of a driver here, which may be killed',
    { timeout: TEST_MS },
    async () => {
      const stack = await newStack(cluster, { CHECKPOINT_LOCATION: `${cluster.hdfs}/cpu/client` })
      await stack.ok('submit', ...PATIENTLY)
      await stack.ok('produce', goldenFile)
      await stack.untilRead(10_000)
      await stack.killDriver()
      const samples = steadySamples(Math.floor(Date.now() / 1_000) * 1_000 - 60_000, 1_000, 25)
      await send(stack.broker, stack.topics.input, toRecords(samples))
      const status = await stack.untilRead(11_000)
      expect(status.driver?.restarts).toBe(1)
      expectWindows(await lastValues(stack), [...goldenSamples(), ...samples])
      await expectAccounted(stack, status, 11_000)
      await expectOrderly(stack, 'micro-batch', EXECUTORS, EXECUTORS)
      await stack.ok('down')
      await expectNothingLeft(stack)
      const { parts } = await stack.status()
      expect(parts.find(({ part }) => part === 'node-managers')).toMatchObject({ state: 'running' })
      expect(new Set(Object.values(await cluster.applications()))).toEqual(new Set(['FINISHED']))
    },
  )

  it('runs the driver, too, and loses and duplicates nothing when that is killed', {
    timeout: TEST_MS,
  }, async () => {
    const stack = await newStack(cluster, {
      CHECKPOINT_LOCATION: `${cluster.hdfs}/cpu/cluster`,
      SPARK_DEPLOY_MODE: 'cluster',
      KAFKA_USERNAME: 'ana',
      KAFKA_PASSWORD: CANARY,
    })
    await stack.ok('submit', ...PATIENTLY)
    const startMs = Math.floor(Date.now() / 1_000) * 1_000 - 600_000
    const samples = steadySamples(startMs, 6_000, 25)
    const bad = badRecords(startMs)
    const first = [...samples.slice(0, 3_000).map(toRecord), ...bad]
    await send(stack.broker, stack.topics.input, first, stack.login)
    const { driver } = await stack.untilRead(first.length)
    const application = driver?.application ?? ''
    const urls = [
      ...pagesOf(`${cluster.web}/proxy/${application}`, `${application}/1`),
      ...['', '/appattempts'].map((path) => `${cluster.web}/ws/v1/cluster/apps/${application}${path}`),
    ]
    const elsewhere = { folder: cluster.folder, isPrivate: PRIVATE, urls }
    await expectNoSecret(stack, [CANARY], { elsewhere })
    await cluster.killMaster(application)
    await send(stack.broker, stack.topics.input, toRecords(samples.slice(3_000)), stack.login)
    const total = samples.length + bad.length
    const isBack = ({ driver: now }: Status) => now?.restarts === 1 && now.state === 'running'
    await stack.untilStatus('another driver', isBack, START_MS)
    const status = await stack.untilRead(total)
    expect(status.driver).toMatchObject({ application, state: 'running', restarts: 1 })
    const accepted = bad.flatMap(({ sample }) => (sample ? [sample] : []))
    expect(status.progress).toMatchObject({ late: 0, deadLettered: bad.length - accepted.length })
    expect(await stack.ok('logs', 'driver', '-n', '5')).toMatch(/ progress batch=/)
    expect(await stack.ok('stop', '--json')).toContain('"stopped"')
    expect(await cluster.applications()).toMatchObject({ [application]: 'FINISHED' })
    expectWindows(await lastValues(stack), [...samples, ...accepted])
    await expectAccounted(stack, status, total)
    await expectOrderly(stack, 'micro-batch', 2 * EXECUTORS, EXECUTORS)
    await stack.ok('down')
    await expectNothingLeft(stack)
  })
})

import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { badRecords } from './helpers/bad-records.ts'
import { GivenStorage, hasGivenStorage, S3_SECRET } from './helpers/given-storage.ts'
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
import { Stack } from './helpers/stack.ts'
import { waitFor } from './helpers/wait-for.ts'

/** A round takes ten seconds on an idle machine, and a minute on one that is shared with much else. */
const KILLS = everywhere ? 20 : 5
const PER_KILL = 200
const LONG_MS = everywhere ? 2_400_000 : 600_000

/** What the supervisor says of its driver: asking a command would start a JVM to read the checkpoint. */
async function supervised(stack: Stack): Promise<{ state: string; restarts: number; driver_pid: number }> {
  return JSON.parse(await readFile(join(stack.folder, 'storage', 'run', 'driver.json'), 'utf8'))
}

async function untilRestarted(stack: Stack, restarts: number): Promise<number> {
  return waitFor(
    `the driver after ${restarts} restarts`,
    async () => {
      const seen = await supervised(stack)
      const done = seen.state === 'running' && seen.restarts === restarts
      return { done, value: seen.driver_pid, seen: JSON.stringify(seen) }
    },
    600_000,
  )
}

async function newStack(storage: GivenStorage, name: string): Promise<Stack> {
  const stack = await Stack.create('local', storage.settings(name))
  await stack.ok('up')
  return stack
}

/** Another machine, as far as the checkpoint can tell: a folder of its own, on the topics and the broker of the first. */
async function otherMachine(storage: GivenStorage, first: Stack, name: string, more = {}): Promise<Stack> {
  const settings = { ...storage.settings(name), KAFKA_SERVERS: first.broker, ...more }
  const stack = await Stack.create('local', settings, first.broker)
  await stack.ok('up')
  return stack
}

describe.skipIf(!hasGivenStorage('s3'))('a checkpoint on S3', () => {
  let s3: GivenStorage
  beforeAll(async () => {
    s3 = await GivenStorage.start('s3')
  })
  afterAll(() => s3?.remove())

  it(
    'loses and duplicates nothing, however often the driver is killed',
    async () => {
      const stack = await newStack(s3, 'killed')
      await stack.ok('submit')
      const startMs = Math.floor(Date.now() / 1_000) * 1_000 - 3_600_000
      const samples = steadySamples(startMs, KILLS * PER_KILL, 25)
      const bad = badRecords(startMs)
      await send(stack.broker, stack.topics.input, bad)
      for (let kill = 0; kill < KILLS; kill += 1) {
        const pid = await untilRestarted(stack, kill)
        const records = toRecords(samples.slice(kill * PER_KILL, (kill + 1) * PER_KILL))
        const sending = send(stack.broker, stack.topics.input, records)
        process.kill(-pid, 'SIGKILL')
        await sending
      }
      const total = samples.length + bad.length
      await untilRestarted(stack, KILLS)
      const status = await stack.untilRead(total)
      expect(status.driver?.restarts).toBe(KILLS)
      const accepted = bad.flatMap(({ sample }) => (sample ? [sample] : []))
      expectWindows(await lastValues(stack), [...samples, ...accepted])
      await expectAccounted(stack, status, total)
      await expectOrderly(stack, 'micro-batch', KILLS)
      await stack.ok('down')
      await expectNothingLeft(stack)
    },
    LONG_MS,
  )

  it.skipIf(!hasGolden)(
    'finds the golden case, and keeps its key to itself',
    async () => {
      const stack = await newStack(s3, 'golden')
      await stack.ok('submit')
      await stack.ok('produce', goldenFile)
      const status = await stack.untilRead(10_000)
      expectWindows(await lastValues(stack), goldenSamples())
      await expectAccounted(stack, status, 10_000)
      await expectOrderly(stack, 'micro-batch', 0)
      await expectNoSecret(stack, [S3_SECRET], { file: 'storage/run/spark-secrets.properties' })
      for (const args of [['config'], ['submit', '--dry-run', '--full'], ['logs', 'driver']])
        expect(await stack.ok(...args), args[0]).not.toContain(S3_SECRET)
    },
    LONG_MS,
  )

  it(
    'is used by one of several machines, with the settings that it was made with',
    async () => {
      const first = await newStack(s3, 'shared')
      const second = await otherMachine(s3, first, 'shared')
      const submits = await Promise.all([first, second].map((stack) => stack.cli(['submit'])))
      expect(submits.map(({ exitCode }) => exitCode).sort()).toEqual([0, 3])
      const [winner, loser] = submits[0]?.exitCode === 0 ? [first, second] : [second, first]
      expect(submits.find(({ exitCode }) => exitCode === 3)?.stderr).toMatch(IN_USE)
      expect((await winner.status()).driver?.state).toBe('running')

      const refused = await loser.cli(['submit'])
      expect(refused).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(IN_USE) })
      const moved = await loser.cli(['submit', '--new-checkpoint'])
      expect(moved).toMatchObject({ exitCode: 5, stderr: expect.stringMatching(IN_USE) })
      expect((await winner.status()).driver).toMatchObject({ state: 'running', restarts: 0 })

      await winner.ok('stop')
      const other = await loser.cli(['submit', '--set', 'WINDOW_DURATION=1 second'])
      expect(other.exitCode).toBe(3)
      expect(other.stderr).toContain('WINDOW_DURATION: was 500 milliseconds, is now 1000 milliseconds')
      await loser.ok('submit')
      await loser.ok('stop')
      const aside = await loser.cli(['submit', '--new-checkpoint', '--set', 'WINDOW_DURATION=1 second'])
      expect(aside).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/set aside: s3a:\S+-\d{4}-/) })
    },
    LONG_MS,
  )
})

const IN_USE = new RegExp(`another driver uses the checkpoint at s3a:\\S+: pid \\d+ on ${hostname()}`)

describe.skipIf(!hasGivenStorage('hdfs') || !hasGolden)('a checkpoint on HDFS', () => {
  let hdfs: GivenStorage
  beforeAll(async () => {
    hdfs = await GivenStorage.start('hdfs')
  })
  afterAll(() => hdfs?.remove())

  it(
    'finds the golden case, although the driver is killed',
    async () => {
      const stack = await newStack(hdfs, 'golden')
      await stack.ok('submit')
      await send(stack.broker, stack.topics.input, goldenSamples().slice(0, 5_000).map(toRecord))
      const { driver } = await stack.untilRead(5_000)
      await send(stack.broker, stack.topics.input, goldenSamples().slice(5_000).map(toRecord))
      process.kill(-(driver?.pid ?? Number.NaN), 'SIGKILL')
      const status = await stack.untilRead(10_000)
      expect(status.driver?.restarts).toBe(1)
      expectWindows(await lastValues(stack), goldenSamples())
      await expectAccounted(stack, status, 10_000)
      await expectOrderly(stack, 'micro-batch', 1)
      await stack.ok('stop')
      const other = await stack.cli(['submit', '--set', 'WINDOW_DURATION=1 second'])
      expect(other.exitCode).toBe(3)
      expect(other.stderr).toContain('WINDOW_DURATION: was 500 milliseconds, is now 1000 milliseconds')
      await stack.ok('down', '--volumes', '--yes')
      await expectNothingLeft(stack)
    },
    LONG_MS,
  )
})

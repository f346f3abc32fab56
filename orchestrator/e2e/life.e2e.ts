import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { describe, expect, it, onTestFinished } from 'vitest'
import { expectNothingLeft, expectOrderly, expectWindows, lastValues } from './helpers/guarantees.ts'
import { send } from './helpers/kafka.ts'
import { steadySamples, toRecords } from './helpers/samples.ts'
import { SharedStack } from './helpers/shared-stack.ts'
import { packageRoot, Stack } from './helpers/stack.ts'
import { waitFor } from './helpers/wait-for.ts'

const samples = steadySamples(1_700_000_000_000, 4_000, 25)
const records = toRecords(samples)

describe('a running stack', () => {
  it('has one driver, keeps the settings of its checkpoint, and resumes where it stopped', async () => {
    const stack = await Stack.create('local')
    await stack.ok('up')
    expect(await stack.ok('up', '--json')).toContain('"state":"running"')
    await stack.ok('submit')
    const second = await stack.cli(['submit'])
    expect(second).toMatchObject({
      exitCode: 5,
      stderr: expect.stringMatching(/a driver already uses this checkpoint.*pid \d+/),
    })

    await send(stack.broker, 'cpu-usage', records.slice(0, 2_000))
    await stack.untilRead(2_000)
    expect(JSON.parse(await stack.ok('stop', '--json'))).toEqual({ job: 'stopped' })
    await send(stack.broker, 'cpu-usage', records.slice(2_000))

    await stack.configure({ WINDOW_DURATION: '1 second' })
    const refused = await stack.cli(['submit'])
    expect(refused.exitCode).toBe(3)
    expect(refused.stderr).toContain('WINDOW_DURATION: was 500 milliseconds, is now 1000 milliseconds')
    expect(refused.stderr).toContain('submit --new-checkpoint')

    await stack.configure({})
    await stack.ok('submit')
    await stack.untilRead(4_000)
    expectWindows(await lastValues(stack), samples)
    await expectOrderly(stack, 'micro-batch', 0) // a clean stop replays nothing

    await stack.ok('stop')
    await stack.configure({ WINDOW_DURATION: '1 second', OUTPUT_TOPIC: 'seconds' })
    await stack.ok('up')
    await stack.ok('submit', '--new-checkpoint')
    await stack.untilRead(4_000)
    expect(
      (await readdir(join(stack.folder, 'storage'))).filter((name) => /^checkpoint-/.test(name)),
    ).toHaveLength(1)
    await stack.ok('down')
    await expectNothingLeft(stack)
    expect((await stack.status()).driver).toBeUndefined()
  })

  const shared = new SharedStack('local')

  it('prints results into a pipe that is closed early, and the last N records', async () => {
    const stack = await shared.forTest()
    await stack.ok('submit', '--new-checkpoint')
    await send(stack.broker, stack.topics.input, records)
    await stack.untilRead(4_000)
    const main = join(packageRoot, 'dist', 'main.js')
    const pipe = `"${process.execPath}" "${main}" tail --all --from earliest | head -n 1`
    const head = execa('bash', ['-o', 'pipefail', '-c', pipe], { cwd: stack.folder })
    // Linux tells a writer that the reader has gone, without a further result.
    const first = await (process.platform === 'linux'
      ? head
      : untilEnded(head, () => send(stack.broker, stack.topics.input, records.slice(-1))))
    expect(JSON.parse(first.stdout)).toMatchObject({ series: '' })
    expect(first.stderr).toBe('')
    const last = (await stack.ok('tail', '--all', '--from', '-3', '--limit', '3', '--set', 'MIN_SAMPLES=1'))
      .trim()
      .split('\n')
    expect(last).toHaveLength(3)
    const missing = await stack.cli(['tail', 'no-such-topic'])
    expect(missing.exitCode).toBe(2)
    expect(missing.stderr).toContain(stack.topics.input)
  })

  it('reports a driver whose supervisor was killed, and replaces both after the driver dies too', async () => {
    const stack = await shared.forTest()
    await stack.ok('submit', '--new-checkpoint')
    const { driver } = await stack.status()
    process.kill(driver?.supervisorPid ?? Number.NaN, 'SIGKILL')
    expect((await stack.status()).driver?.state).toBe('orphaned')
    expect((await stack.cli(['submit'])).exitCode).toBe(5)
    process.kill(-(driver?.pid ?? Number.NaN), 'SIGKILL')
    await waitFor(
      'the loss of both',
      async () => {
        const state = (await stack.status()).driver?.state
        return { done: state === 'lost', value: state, seen: String(state) }
      },
      20_000,
    )
    await stack.ok('submit')
    await send(stack.broker, stack.topics.input, records)
    await stack.untilRead(4_000)
    expectWindows(await lastValues(stack), samples)
  })

  it('rejects a topic that was deleted and created again, without endless restarts', async () => {
    const stack = await shared.forTest()
    await stack.ok('submit', '--new-checkpoint')
    await stack.ok('stop')
    const { input } = stack.topics
    const { Kafka, logLevel } = await import('kafkajs')
    const admin = new Kafka({ brokers: [stack.broker], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    await admin.deleteTopics({ topics: [input] }).finally(() => admin.disconnect())
    const { exitCode, stderr } = await stack.cli(['submit'])
    expect(stderr).toContain(`topic ${input} was deleted and created again`)
    expect(exitCode).toBe(3)
    expect((await stack.status()).driver).toMatchObject({ state: 'failed', restarts: 0 })
  })
})

/** Elsewhere a writer notices a closed pipe only when it writes again, so this makes results until the pipe ends. */
async function untilEnded<T>(running: Promise<T>, makeResult: () => Promise<unknown>): Promise<T> {
  const ended = running.then(() => true)
  await waitFor(
    'the end of the pipe',
    async () => {
      await makeResult()
      const done = await Promise.race([ended, sleep(500, false)])
      return { done, value: undefined, seen: 'it is still running' }
    },
    60_000,
  )
  return running
}

const ownProcesses = async (stack: Stack): Promise<string[]> =>
  (await execa('ps', ['-eo', 'pid,args'])).stdout.split('\n').filter((line) => line.includes(stack.folder))

describe('Ctrl-C', () => {
  it.each(['up', 'submit'])(
    'during %s leaves only what status reports, and nothing after down',
    async (command) => {
      const stack = await Stack.create('local')
      if (command === 'submit') await stack.ok('up')
      const running = stack.start([command])
      await waitFor(
        'a process of the stack',
        async () => {
          const own = await ownProcesses(stack)
          const program = command === 'up' ? 'kafka.Kafka' : 'supervise.py'
          return { done: own.some((line) => line.includes(program)), value: undefined, seen: own.join('\n') }
        },
        60_000,
      )
      running.kill('SIGINT')
      expect((await running).exitCode).toBe(130)
      const { parts, driver } = await stack.status()
      const brokers = (await ownProcesses(stack)).filter((line) => line.includes('kafka.Kafka'))
      const reported = parts.find(({ part }) => part === 'kafka')?.pid
      expect(brokers.map((line) => Number.parseInt(line, 10))).toEqual(reported ? [reported] : [])
      if (driver?.pid) expect(() => process.kill(driver.pid ?? 0, 0)).not.toThrow()
      await stack.ok('down')
      await expectNothingLeft(stack)
    },
  )
})

describe('before anything is started', () => {
  it('shows the rendered job without the password, and writes nothing', async () => {
    const stack = await Stack.create('local', { KAFKA_USERNAME: 'ana', KAFKA_PASSWORD: 'canary-5309' })
    const shown = await stack.ok('submit', '--dry-run')
    expect(shown).toContain('SETTINGS_JSON = "{\\"app_name\\"')
    expect(shown).toContain('KAFKA_PASSWORD=***  (.env)')
    expect(shown).toMatch(/^# code: \d+ modules, sha256 [0-9a-f]{64}$/m)
    expect(shown).not.toContain('canary-5309')
    expect(existsSync(join(stack.folder, 'storage'))).toBe(false)
  })

  it('reports that no broker answers when a job is submitted before up', async () => {
    const stack = await Stack.create('local')
    const { exitCode, stderr } = await stack.cli(['submit'])
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('cpu-anomaly up'),
    })
    expect(existsSync(join(stack.folder, 'storage'))).toBe(false)
  })

  it('names the port that is taken, and its setting', async () => {
    const stack = await Stack.create('local')
    const server = createServer().listen(stack.ports.kafka, '127.0.0.1')
    onTestFinished(() => void server.close())
    const { exitCode, stderr } = await stack.cli(['up'])
    expect(exitCode).toBe(5)
    expect(stderr).toContain(`port ${stack.ports.kafka} for Kafka is taken`)
    expect(stderr).toContain('KAFKA_PORT')
  })

  it('names the missing tool and how to get it', async () => {
    const stack = await Stack.create('local')
    const { exitCode, stderr } = await stack.cli(['up'], { env: { PATH: '/nonexistent', JAVA_HOME: '' } })
    expect(exitCode).toBe(6)
    expect(stderr).toMatch(/Java/)
    expect(stderr).toMatch(/17/)
  })
})

describe('standard output that cannot be written', () => {
  it.skipIf(!existsSync('/dev/full')).each(['--help', 'tail --help', 'config', 'status'])(
    'ends %s with one sentence and exit code 6',
    async (args) => {
      const stack = await Stack.create('local')
      const main = join(packageRoot, 'dist', 'main.js')
      const command = `"${process.execPath}" "${main}" ${args} >/dev/full`
      const full = await execa('bash', ['-c', command], { cwd: stack.folder, reject: false })
      expect(full.exitCode).toBe(6)
      expect(full.stderr).toMatch(/^error: standard output cannot be written: ENOSPC.*\n→ .*$/)
    },
  )
})

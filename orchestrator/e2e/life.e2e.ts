import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { describe, expect, it, onTestFinished } from 'vitest'
import { prepareStorage } from '../src/storage/storage-folder.ts'
import { freePorts } from '../src/system/ports.ts'
import { expectNothingLeft, expectOrderly, expectWindows, lastValues } from './helpers/guarantees.ts'
import { groupOffsets, send } from './helpers/kafka.ts'
import { steadySamples, toLine, toRecords } from './helpers/samples.ts'
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
    const checkpoint = join(stack.folder, 'storage', 'checkpoint')
    const { id } = JSON.parse(await readFile(join(checkpoint, 'metadata'), 'utf8'))
    expect(await groupOffsets(stack.broker, `cpu-anomaly.${id}`, 'cpu-usage')).toEqual(
      await committedOffsets(checkpoint),
    )
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
    const head = intoHead(stack, 'tail --all --from earliest', 1)
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

  it.each([
    ['while it starts', 0],
    ['while it runs', 1],
  ])('stops a job in the foreground when nobody reads its log any more, %s', async (_, lines) => {
    const stack = await shared.forTest()
    const head = intoHead(stack, 'submit --foreground --new-checkpoint', lines)
    const { exitCode, stderr } = await untilEnded(head, () =>
      send(stack.broker, stack.topics.input, records.slice(-1)),
    )
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining('error') })
    expect((await stack.status()).driver).toBeUndefined()
  })

  it('says what becomes of what produce sends, and refuses a file that would be late', async () => {
    const stack = await shared.forTest()
    await stack.ok('submit', '--new-checkpoint')
    const write = async (name: string, lines: readonly string[]) => {
      await writeFile(join(stack.folder, name), `${lines.join('\n')}\n`)
      return name
    }
    const recent = steadySamples(Date.now() - 100_000, 4_000, 25)
    const newestFirst = await write('newest-first.csv', recent.map(toLine).reverse())
    const unsorted = await stack.cli(['produce', newestFirst])
    expect(unsorted).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--sort') })
    const sorted = await stack.ok('produce', newestFirst, '--sort', '--wait')
    expect(sorted).toContain('4000 counted, 0 late, 0 dead letters')
    expectWindows(await lastValues(stack), recent)

    // Two batches later the watermark is that of the samples above.
    const later = steadySamples(Date.now(), 2, 1_000).map(toLine)
    for (const [index, line] of later.entries())
      await stack.ok('produce', await write(`later-${index}.csv`, [line]), '--wait')
    const old = await write('old.csv', [...samples.slice(0, 500).map(toLine), 'n/a'])
    const refused = await stack.cli(['produce', old])
    expect(refused).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/500 of 500 samples would be late/),
    })
    const anyway = await stack.cli(['produce', old, '--anyway', '--wait'])
    expect(anyway).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('0 counted, 500 late, 1 dead letter (field_count 1)'),
    })
    const shifted = await stack.cli(['produce', '-', '--now', '--wait'], {
      input: Buffer.from(samples.slice(0, 200).map(toLine).join('\n')),
    })
    expect(shifted.stdout).toContain('200 counted, 0 late, 0 dead letters')
  })

  it('says what becomes of a table that produce reads', async () => {
    const stack = await shared.forTest()
    await stack.ok('submit', '--new-checkpoint')
    const row = (second: number) =>
      `2026-01-31 14:0${Math.floor(second / 60)}:${String(second % 60).padStart(2, '0')};web-1;${80 + (second % 7)},5`
    const rows = Array.from({ length: 120 }, (_, second) => row(second))
    await writeFile(join(stack.folder, 'idle.csv'), ['Date;Host;% Idle', ...rows, ';;'].join('\r\n'))
    const { exitCode, stdout, stderr } = await stack.cli(['produce', 'idle.csv', '--now', '--wait'])
    expect({ exitCode, stdout, stderr }).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/120 samples sent .*\n(.|\n)*120 counted, 0 late, 0 dead letters/),
      stderr: expect.stringMatching(
        /semicolon-separated; time = column 1 .*; cpu = 100 - column 3 .*; 120 samples/,
      ),
    })
    const refused = await stack.cli(['produce', '-'], { input: Buffer.from('0,24\n1,23\n') })
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('is not a time') })
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

  it('is used from its own folder only: not from another, nor from a copy, nor from elsewhere', async () => {
    const stack = await shared.forTest()
    const stranger = await Stack.create('local', { KAFKA_PORT: String(stack.ports.kafka) })
    for (const args of [['submit'], ['tail'], ['produce', '-']]) {
      const { exitCode, stderr } = await stranger.cli(args, { input: Buffer.from('1700000000000,10\n') })
      expect({ exitCode, stderr }).toMatchObject({
        exitCode: 5,
        stderr: expect.stringMatching(/not|another/),
      })
      expect(stderr).toContain(stack.broker)
    }
    expect(existsSync(join(stranger.folder, 'storage'))).toBe(false)

    await cp(stack.folder, join(stranger.folder, 'copy'), { recursive: true })
    const main = join(packageRoot, 'dist', 'main.js')
    const inFolder = (cwd: string, command: string, ...args: string[]) =>
      execa(command, args, { cwd, reject: false, stdin: 'ignore' })
    const copy = await inFolder(
      join(stranger.folder, 'copy'),
      process.execPath,
      main,
      'down',
      '--volumes',
      '--yes',
    )
    expect(copy).toMatchObject({ exitCode: 5, stderr: expect.stringContaining(`a copy of ${stack.folder}`) })

    await mkdir(join(stack.folder, 'data'))
    const below = await inFolder(join(stack.folder, 'data'), process.execPath, main, 'status')
    expect(below).toMatchObject({ exitCode: 0, stderr: `Project: ${stack.folder}` })

    const namespace = ['--pid', '--fork', '--mount-proc']
    if ((await inFolder('/', 'unshare', ...namespace, 'true')).exitCode === 0) {
      const elsewhere = await inFolder(stack.folder, 'unshare', ...namespace, process.execPath, main, 'down')
      expect(elsewhere).toMatchObject({
        exitCode: 5,
        stderr: expect.stringContaining('another PID namespace'),
      })
    }
    expect((await stack.status()).parts).toMatchObject([{ part: 'kafka', state: 'running' }])
  })

  it('is used as it was started, although the settings have changed', async () => {
    const stack = await shared.forTest()
    await stack.ok('submit', '--new-checkpoint')
    const { input, output, deadLetter } = stack.topics
    const topics = { INPUT_TOPIC: input, OUTPUT_TOPIC: output, DEAD_LETTER_TOPIC: deadLetter }
    const [port = 0] = await freePorts(1)
    await stack.configure({ ...topics, KAFKA_PORT: String(port), NORMAL_MEAN: '38' })
    const status = await stack.cli(['status', '--json'])
    expect(status.stderr).toMatch(/KAFKA_PORT=\d+ is not in force.*\n.*NORMAL_MEAN=38 is not in force.*14\.5/)
    expect(JSON.parse(status.stdout).parts).toMatchObject([{ state: 'running', address: stack.broker }])
    const up = await stack.cli(['up'])
    expect(up).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('the running job uses') })
    await stack.configure(topics)
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

/** A command whose output ends with this number of lines, because `head` closes the pipe. */
function intoHead(stack: Stack, command: string, lines: number) {
  const main = join(packageRoot, 'dist', 'main.js')
  const pipe = `"${process.execPath}" "${main}" ${command} | head -n ${lines}`
  return execa('bash', ['-o', 'pipefail', '-c', pipe], { cwd: stack.folder })
}

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
    120_000,
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
      const { exitCode, stderr } = await running
      expect(exitCode).toBe(130)
      if (command === 'submit') expect(stderr).toContain('the job has been started and goes on')
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
  it.skipIf(process.platform !== 'linux')(
    'ends what follows a silent log as soon as no one reads it (only Linux shows who reads a pipe)',
    async () => {
      const stack = await Stack.create('local')
      const { logs } = await prepareStorage(join(stack.folder, 'storage'), stack.folder)
      await writeFile(join(logs, 'driver.log'), 'the only line\n')
      const main = join(packageRoot, 'dist', 'main.js')
      const pipe = `timeout 30 "${process.execPath}" "${main}" logs driver --follow | head -n 1`
      const { stdout } = await execa('bash', ['-o', 'pipefail', '-c', pipe], { cwd: stack.folder })
      expect(stdout).toBe('the only line')
    },
  )
})

/** By partition, where the last batch that Spark committed has ended. */
async function committedOffsets(checkpoint: string): Promise<Record<string, number>> {
  const commits = (await readdir(join(checkpoint, 'commits'))).filter((name) => /^\d+$/.test(name))
  const plan = await readFile(join(checkpoint, 'offsets', `${Math.max(...commits.map(Number))}`), 'utf8')
  return JSON.parse(plan.split('\n')[2] ?? '')['cpu-usage']
}

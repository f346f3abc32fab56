import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import type { measure } from '../bench/measure/measure.ts'
import { scalingResult, throughputResult } from '../bench/measure/results.fixture.ts'
import { isThere, type TestContext, testContext } from '../cli/command.fixture.ts'
import type { CommandContext } from '../cli/command.ts'
import { CliError } from '../errors.ts'
import type { Runtime } from '../runtime/places.ts'
import { makeRuntime } from '../stack/places.ts'
import { identify } from '../system/process-identity.ts'
import { stateFile } from '../system/state-file.ts'
import { run } from './bench.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))

// The one step that needs a real Spark.
const spark = vi.hoisted(() => ({ measure: (..._: Parameters<typeof measure>) => Promise.resolve() }))
vi.mock('../bench/measure/measure.ts', () => ({
  measure: (...args: Parameters<typeof measure>) => spark.measure(...args),
}))

let context: TestContext
/** The same on a real local runtime, the only one that is measured. */
let local: CommandContext

beforeEach(async () => {
  context = await testContext()
  const selected = await context.start()
  const java = join(context.folder, 'java')
  await mkdir(join(java, 'bin'), { recursive: true })
  await writeFile(join(java, 'bin', 'java'), '#!/bin/sh\necho \'openjdk version "17.0.15"\' >&2\n')
  await chmod(join(java, 'bin', 'java'), 0o700)
  vi.stubEnv('JAVA_HOME', java)
  const runtime: Runtime = {
    ...makeRuntime('local', { ...selected, env: process.env }),
    clusterId: async () => context.broker.clusterId,
  }
  local = { ...context, select: async () => ({ ...selected, runtime }) }
  spark.measure = async (_workspace, _output, { onResult }) => {
    onResult(throughputResult(1))
  }
})

afterEach(() => vi.unstubAllEnvs())

/** A job whose supervisor is this process. */
async function runJob(): Promise<void> {
  const { storage } = await context.select()
  await stateFile(join(storage.run, 'supervisor.json'), z.looseObject({})).write({
    supervisor: await identify(process.pid),
  })
}

const kinds = () => context.output.values.map((value) => (value as { measurement: string }).measurement)

describe('bench', () => {
  it.each([
    ['an unknown section', { only: 'latency,memory' }, /memory/],
    ['an empty section', { only: '' }, /--only/],
  ])('refuses %s before it does anything else', async (_, flags, message) => {
    await expect(run({ ...local, select: expect.fail }, [], flags)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/throughput.*latency.*scaling/),
    })
  })

  it('refuses the docker runtime', async () => {
    const docker = await testContext({ runtime: 'docker' })
    await expect(run(docker, [], {})).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('docker'),
    })
  })

  it('refuses a rate at which nothing would be measured', async () => {
    const context = await testContext()
    await expect(run(context, [], { only: 'throughput', rate: 5 })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('--rate applies'),
    })
  })

  it('needs a broker', async () => {
    context.broker.isUp = false
    await expect(run(local, [], { json: true })).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE' })
    expect(context.output.values).toEqual([])
  })

  it('refuses to measure beside a running job without --beside-live-job', async () => {
    await runJob()
    await expect(run(local, [], {})).rejects.toMatchObject({
      code: 'LOCKED',
      hint: expect.stringContaining('--beside-live-job'),
    })
    expect(context.journal).toEqual([])
    await run(local, [], { besideLiveJob: true, json: true })
    expect(kinds()).toEqual(['machine', 'throughput'])
  })

  it("holds the folder's lock while it measures, and leaves no topic and no folder", async () => {
    const { storage } = await context.select()
    let isLocked = false
    spark.measure = async (workspace) => {
      isLocked = await isThere(join(storage.run, 'folder.lock'))
      await workspace.createTopic('load', 2)
    }
    await run(local, [], {})
    expect(isLocked).toBe(true)
    expect(context.journal.filter((step) => step.startsWith('create'))).toHaveLength(2)
    expect([...context.broker.topics.keys()]).toEqual([])
    expect((await readdir(storage.run)).filter((name) => name.startsWith('bench-'))).toEqual([])
    expect(context.output.notes.at(-1)).toMatch(/\d+ s/)
  })

  it.each([
    [{}, ['throughput', 'latency', 'scaling'], 1_000],
    [{ only: 'latency, scaling', rate: 5_000 }, ['latency', 'scaling'], 5_000],
  ])('measures what the flags %j select', async (flags, sections, rate) => {
    let measured: unknown
    spark.measure = async (_workspace, _output, { sections: given, rate: at }) => {
      measured = [[...given], at]
    }
    await run(local, [], flags)
    expect(measured).toEqual([sections, rate])
  })

  it('prints the machine first, each result once it is measured, and last how the time grows with the samples', async () => {
    spark.measure = async (_workspace, _output, { onResult }) => {
      onResult(scalingResult('samples', 1_000_000, 900))
      onResult(scalingResult('samples', 10_000_000, 8_000))
    }
    await run(local, [], { json: true })
    expect(kinds()).toEqual(['machine', 'scaling', 'scaling', 'samples-check'])
    expect(context.output.values[0]).toMatchObject({ java: '17.0.15' })
    expect(context.output.results).toEqual([])
  })

  it('shows and reports what was measured before something failed', async () => {
    spark.measure = async (_workspace, _output, { onResult }) => {
      onResult(throughputResult(1))
      throw new CliError('QUERY_FAILED', 'out of memory')
    }
    const report = join(context.folder, 'bench.html')
    await expect(run(local, [], { report })).rejects.toMatchObject({ code: 'QUERY_FAILED' })
    expect(context.output.results.join('\n')).toContain('1.20 M')
    expect(await readFile(report, 'utf8')).toContain('<html')
    expect([...context.broker.topics.keys()]).toEqual([])
  })

  it('shows nothing when nothing was measured', async () => {
    spark.measure = () => Promise.reject(new CliError('QUERY_FAILED', 'out of memory'))
    const report = join(context.folder, 'bench.html')
    await expect(run(local, [], { report })).rejects.toMatchObject({ code: 'QUERY_FAILED' })
    expect(context.output.results).toEqual([])
    expect(await isThere(report)).toBe(false)
  })

  it('names the file when the report cannot be written', async () => {
    const report = join(context.folder, 'missing', 'bench.html')
    await expect(run(local, [], { report })).rejects.toMatchObject({
      code: 'STORAGE',
      message: expect.stringContaining(report),
    })
  })
})

import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { isThere, lockedSteps, type TestContext, testContext } from '../cli/command.fixture.ts'
import { UNUSED, UNUSED_WARNINGS } from '../config/load.fixture.ts'
import { driverIn } from '../runtime/runtime.fixture.ts'
import { stackFile } from '../stack/record.ts'
import type { Output } from '../terminal/output.ts'
import { run } from './submit.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))

const storageOf = ({ folder }: TestContext) => join(folder, 'storage')

describe('submit', () => {
  it("starts the job under the folder's lock, and names the next command", async () => {
    const context = await testContext()
    const locked = lockedSteps(context)
    await run(context, [], {})
    expect(locked).toEqual(['start driver'])
    expect(context.journal.at(-1)).toBe('start driver')
    expect(context.output.notes.at(-2)).toMatch(/cpu-anomaly tail anomaly$/)
  })

  it('names settings and flags without effect, once each', async () => {
    const context = await testContext({ settings: UNUSED })
    await run(context.withSettings(['MIN_SAMPLES=4']), [], {})
    expect(context.output.warnings.sort()).toEqual(
      [...UNUSED_WARNINGS, '--set MIN_SAMPLES has no effect on `submit`: it is for `tail`'].sort(),
    )
  })

  it('names the output topic of the settings', async () => {
    const context = await testContext({ settings: { OUTPUT_TOPIC: 'results-2' } })
    await run(context, [], {})
    expect(context.output.notes.at(-2)).toMatch(/cpu-anomaly tail results-2$/)
  })

  it('prints the driver and the address of the UI with --json', async () => {
    const context = await testContext()
    await run(context, [], { json: true })
    expect(context.output.values).toEqual([
      { job: 'running', ui: context.runtime.sparkUi, driver: context.runtime.driverNow },
    ])
  })

  it('creates nothing when no broker answers', async () => {
    const context = await testContext()
    context.broker.isUp = false
    await expect(run(context, [], {})).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE', exitCode: 4 })
    expect(await isThere(storageOf(context))).toBe(false)
    expect(context.journal).toEqual([])
  })

  it('changes nothing when the stack is up on another runtime', async () => {
    const context = await testContext({ settings: { RUNTIME: 'docker' } })
    await expect(run(context, [], {})).rejects.toMatchObject({ code: 'CONFIGURATION' })
    expect(context.journal).toEqual([])
  })

  it('sets the old checkpoint aside with --new-checkpoint only', async () => {
    const context = await testContext()
    await run(context, [], {})
    context.runtime.driverNow = undefined
    context.runtime.checkpoint.isCommitted = true
    await run(context, [], {})
    expect(context.journal).not.toContain('set checkpoint aside')
    context.runtime.driverNow = undefined
    await run(context, [], { newCheckpoint: true })
    expect(context.journal).toContain('set checkpoint aside')
  })

  it('gives up at the end of --timeout-seconds', async () => {
    const context = await testContext()
    context.runtime.onStartDriver = () => {
      context.runtime.driverNow = driverIn('starting')
    }
    await expect(run(context, [], { timeoutSeconds: 0.001 })).rejects.toMatchObject({ code: 'QUERY_FAILED' })
  })

  it('says on Ctrl-C that the job goes on which it has started', async () => {
    const context = await testContext()
    context.runtime.onStartDriver = () => {
      context.runtime.driverNow = driverIn('starting')
      context.interrupt()
    }
    await expect(run(context, [], {})).rejects.toThrow('interrupted by SIGINT')
    expect(context.output.warnings.at(-1)).toMatch(/^the job has been started and goes on: /)
  })

  it('says nothing of the kind on Ctrl-C before the job is started', async () => {
    const context = await testContext()
    context.runtime.onDriverRead = context.interrupt
    await expect(run(context, [], {})).rejects.toThrow('interrupted by SIGINT')
    expect(context.output.warnings).toEqual([])
  })

  it("with --foreground, shows the driver's new lines escaped, and stops the job on Ctrl-C", async () => {
    const context = await testContext()
    context.runtime.grownLines = ['new\u001b[2J']
    context.runtime.onFollowed = context.interrupt
    const locked = lockedSteps(context)
    await run(context, [], { foreground: true })
    expect(locked).toEqual(['start driver', 'stop driver'])
    expect(context.output.results).toEqual(['new\\x1b[2J'])
    expect(context.journal.at(-1)).toBe('stop driver')
  })

  it('with --foreground, stops the job on Ctrl-C also while it starts', async () => {
    const context = await testContext()
    context.runtime.onStartDriver = () => {
      context.runtime.driverNow = driverIn('starting')
      context.interrupt()
    }
    await run(context, [], { foreground: true })
    expect(context.journal.slice(-2)).toEqual(['start driver', 'stop driver'])
  })

  it('with --foreground, stops a job that was ready just before Ctrl-C', async () => {
    const context = await testContext()
    const step: Output['step'] = async (title, work) => {
      const value = await context.output.step(title, work)
      if (title === 'Job') context.interrupt()
      return value
    }
    const output: Output = { ...context.output, step }
    await run({ ...context, output }, [], { foreground: true })
    expect(context.journal.slice(-2)).toEqual(['start driver', 'stop driver'])
  })

  it('with --foreground, does not stop a job that it did not start', async () => {
    const context = await testContext()
    context.runtime.driverNow = driverIn('running')
    context.runtime.onDriverRead = context.interrupt
    await expect(run(context, [], { foreground: true })).rejects.toThrow()
    expect(context.journal).not.toContain('stop driver')
  })
})

it("leaves nothing behind when the broker is another folder's", async () => {
  const context = await testContext()
  context.runtime.clusterIdNow = 'of this folder'
  await expect(run(context, [], {})).rejects.toMatchObject({ code: 'OTHER_FOLDER' })
  expect(context.journal).toEqual([])
  expect(context.runtime.checkpoint.files.size).toBe(0)
  expect(await isThere(storageOf(context))).toBe(false)
})

describe('submit --dry-run', () => {
  it('prints settings, arguments and code, and changes nothing', async () => {
    const context = await testContext({
      settings: { INPUT_TOPIC: 'cpu-of-rack-7', KAFKA_USERNAME: 'me', KAFKA_PASSWORD: 'hunter2' },
    })
    await run(context, [], { dryRun: true })
    const text = context.output.results.join('\n')
    expect(text).toMatch(/INPUT_TOPIC=cpu-of-rack-7 .*environment/)
    expect(text).toMatch(/--master\n.*local\[4\]/)
    expect(text).toContain('input_topic')
    expect(text).not.toContain('hunter2')
    expect(context.journal).toEqual([])
    expect(await isThere(storageOf(context))).toBe(false)
  })

  it('names settings without effect', async () => {
    const context = await testContext({ settings: UNUSED })
    await run(context, [], { dryRun: true })
    expect(context.output.warnings).toEqual(UNUSED_WARNINGS)
  })

  it('needs no broker', async () => {
    const context = await testContext()
    context.broker.isUp = false
    await run(context, [], { dryRun: true, json: true })
    expect(context.output.values).toEqual([
      expect.objectContaining({
        submitArgs: expect.arrayContaining(['--master']),
        plan: expect.objectContaining({ trigger: 'micro-batch' }),
        settings: expect.arrayContaining([expect.objectContaining({ key: 'INPUT_TOPIC' })]),
      }),
    ])
    expect(context.output.results).toEqual([])
  })

  it('shows the format that it finds with INPUT_FORMAT=auto', async () => {
    const context = await testContext({ settings: { INPUT_FORMAT: 'auto' } })
    context.broker.createTopic('cpu-usage').append('cpu-usage', { value: '1700000000123,12.5' })
    await run(context, [], { dryRun: true })
    expect(context.output.notes).toContainEqual(expect.stringMatching(/^Format: csv .*1 of 1 records/))
    expect(context.output.results.join('\n')).toMatch(/INPUT_FORMAT=csv/)
    expect(context.journal).toEqual([])
  })

  it('refuses real-time mode if it is not possible, as a submit would', async () => {
    const context = await testContext({ settings: { TRIGGER: 'real-time' } })
    context.runtime.job = { ...context.runtime.job, sparkVersion: '4.0.0' }
    await expect(run(context, [], { dryRun: true })).rejects.toMatchObject({ code: 'CONFIGURATION' })
  })
})

describe('flags that have no effect together', () => {
  it.each([
    [{ full: true }, '--full'],
    [{ dryRun: true, foreground: true }, '--dry-run'],
    [{ dryRun: true, newCheckpoint: true }, '--dry-run'],
    [{ dryRun: true, timeoutSeconds: 1 }, '--dry-run'],
    [{ foreground: true, json: true }, 'not JSON'],
  ])('are refused before anything starts: %j', async (flags, expected) => {
    const context = await testContext()
    await expect(run(context, [], flags)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(expected),
    })
    expect(context.journal).toEqual([])
  })
})

it('of a given Kafka needs no `up`, and later commands know where the job is', async () => {
  const context = await testContext({ settings: { KAFKA_SERVERS: 'h:1' } })
  context.runtime.kafka = { ...context.runtime.kafka, isOwn: false }
  await run(context, [], {})
  const selected = await context.selectStarted()
  expect(selected).toBeDefined()
  expect(await stackFile(selected?.storage ?? expect.fail()).read()).toMatchObject({
    up: true,
    settings: { KAFKA_SERVERS: { value: 'h:1' } },
  })
})

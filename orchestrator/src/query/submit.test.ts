import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { isThere, type TestContext, testContext } from '../cli/command.fixture.ts'
import { CliError } from '../errors.ts'
import { at, driverIn, localJob } from '../runtime/runtime.fixture.ts'
import { submit } from './submit.fixture.ts'
import { planFor } from './submit.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))

const MANIFEST = 'cpu-anomaly-manifest.json'
const TOPICS = ['cpu-usage', 'anomaly', 'cpu-usage.dead-letter'].map((topic) => `create topic ${topic}`)

const queryFile = ({ folder }: TestContext) => join(folder, 'storage', 'run', 'query.json')

describe('submitJob', () => {
  it('creates topics, fixes the manifest, records the query and starts the driver, in this order', async () => {
    const context = await testContext()
    let wasRecorded: Promise<boolean> | undefined
    context.runtime.onStartDriver = () => {
      wasRecorded = isThere(queryFile(context))
      context.runtime.becomeReady()
    }
    await submit(context)
    expect(context.journal).toEqual([...TOPICS, `write ${MANIFEST}`, 'start driver'])
    expect(await wasRecorded).toBe(true)
    expect(context.output.steps.map(({ text }) => text)).toEqual([
      expect.stringContaining('cpu-usage.dead-letter'),
      expect.stringMatching(/batch 0\b/),
    ])
  })

  it('warns of a backlog of which samples will be late', async () => {
    const context = await testContext()
    context.runtime.onStartDriver = () => {
      context.runtime.becomeReady()
      context.runtime.logLines.driver.push(
        `${at(3)} catch_up_limited spread_ms=60000 possible_ms=1000 late_at_most=7`,
      )
    }
    await submit(context)
    expect(context.output.warnings).toEqual([expect.stringContaining('up to 7 samples')])
  })

  it('passes on settings and arguments, with no secrets in either', async () => {
    const context = await testContext({ settings: { INPUT_TOPIC: 'cpu-of-rack-7' } })
    const sasl = { mechanism: 'PLAIN', username: 'me', password: 'hunter2' } as const
    context.runtime.kafka = { ...context.runtime.kafka, securityProtocol: 'SASL_PLAINTEXT', sasl }
    await submit(context)
    const [{ submitArgs, secrets, stopTimeoutMs, ...code } = expect.fail('nothing submitted')] =
      context.runtime.submissions
    expect(submitArgs).toEqual(expect.arrayContaining(['--master', 'local[4]', 'spark.ui.port=4040']))
    expect(JSON.stringify(code)).toContain('cpu-of-rack-7')
    expect(JSON.stringify(secrets)).toContain('hunter2')
    expect(JSON.stringify([submitArgs, code])).not.toContain('hunter2')
    expect(stopTimeoutMs).toBe(30_000)
  })

  it.each([
    ['latest', [expect.stringMatching(/skips the 2 records .*cpu-usage.*STARTING_OFFSETS=latest/)]],
    ['earliest', []],
  ])('says what a new checkpoint skips with STARTING_OFFSETS=%s', async (value, warnings) => {
    const context = await testContext({ settings: { STARTING_OFFSETS: value } })
    context.broker.createTopic('cpu-usage').append('cpu-usage', { value: 'a' }, { value: 'b' })
    await submit(context)
    expect(context.output.warnings).toEqual(warnings)
  })

  it('lets a real-time job run to the end of its interval before it is killed', async () => {
    const context = await testContext({
      settings: { TRIGGER: 'real-time', CHECKPOINT_INTERVAL: '2 minutes' },
    })
    await submit(context)
    expect(context.runtime.submissions[0]?.stopTimeoutMs).toBeGreaterThan(120_000)
  })

  it.each([
    ['starting', driverIn('starting', { supervisorPid: 41 }), /starting.*\b41\b/],
    ['running', driverIn('running', { pid: 42, supervisorPid: 41 }), /running.*\b42\b/],
    ['running', driverIn('running', { pid: 1, container: 'driver-1' }), /running.*driver-1/],
    ['backing-off', driverIn('backing-off', { supervisorPid: 41 }), /backing-off.*\b41\b/],
    ['orphaned', driverIn('orphaned', { pid: 42 }), /orphaned.*\b42\b/],
  ])('refuses to start a second driver beside one that is %s', async (_, driver, message) => {
    const context = await testContext()
    context.runtime.driverNow = driver
    await expect(submit(context)).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringMatching(message),
    })
    expect(context.journal).toEqual([])
    expect(await isThere(queryFile(context))).toBe(false)
  })

  it.each(['gave-up', 'failed', 'stopped', 'lost'] as const)(
    'starts a new driver after one that is %s',
    async (state) => {
      const context = await testContext()
      context.runtime.driverNow = driverIn(state)
      await submit(context)
      expect(context.journal).toContain('start driver')
    },
  )

  it('changes nothing when no broker answers', async () => {
    const context = await testContext()
    context.broker.isUp = false
    await expect(submit(context)).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE' })
    expect(context.journal).toEqual([])
    expect(await isThere(queryFile(context))).toBe(false)
  })

  it('changes nothing when real-time mode is not possible', async () => {
    const context = await testContext({ settings: { TRIGGER: 'real-time' } })
    context.runtime.job = { ...localJob, sparkVersion: '4.0.0' }
    await expect(submit(context)).rejects.toMatchObject({ code: 'CONFIGURATION' })
    expect(context.journal).toEqual([])
  })

  it('forgets the settings of a job that could not be started', async () => {
    const context = await testContext()
    await context.start()
    await submit(context)
    const resultsFile = join(context.folder, 'storage', 'results.json')
    const before = await Promise.all([queryFile(context), resultsFile].map((file) => readFile(file, 'utf8')))
    context.runtime.driverNow = undefined
    context.runtime.onStep = (step) => {
      if (step === 'start driver') throw new CliError('PORT_TAKEN', 'port 4040 is taken', { hint: '' })
    }
    const settings = ['WATERMARK_DELAY=1 hour']
    await expect(submit(context, { settings, newCheckpoint: true })).rejects.toMatchObject({
      code: 'PORT_TAKEN',
    })
    const after = await Promise.all([queryFile(context), resultsFile].map((file) => readFile(file, 'utf8')))
    expect(after).toEqual(before)
  })

  it('fails when the job is not ready in time, and leaves the driver to its supervisor', async () => {
    const context = await testContext()
    context.runtime.onStartDriver = () => {
      context.runtime.driverNow = driverIn('starting')
    }
    await expect(submit(context, { timeoutMs: 1 })).rejects.toMatchObject({ code: 'QUERY_FAILED' })
    expect(context.journal.at(-1)).toBe('start driver')
  })
})

describe('the checkpoint of a submit', () => {
  /** A checkpoint with a manifest and a commit, and a driver that has ended. */
  async function submittedOnce(): Promise<TestContext> {
    const context = await testContext()
    await context.start()
    await submit(context)
    context.runtime.checkpoint.isCommitted = true
    context.runtime.driverNow = driverIn('stopped')
    context.runtime.journal.length = 0
    return context
  }

  it('is continued with the same settings, and its manifest is not written again', async () => {
    const context = await submittedOnce()
    await submit(context)
    expect(context.journal).toEqual(['start driver'])
  })

  it.each([
    ['WINDOW_DURATION', '1 second', '500 milliseconds', '1000 milliseconds'],
    ['OUTPUT_TOPIC', 'results', 'anomaly', 'results'],
    ['GROUP_BY', 'key', 'none', 'key'],
  ])('is refused with another %s', async (key, value, before, now) => {
    const context = await submittedOnce()
    const recorded = context.runtime.checkpoint.files.get(MANIFEST)
    await expect(submit(context, { settings: [`${key}=${value}`] })).rejects.toMatchObject({
      code: 'CHECKPOINT_CONFLICT',
      details: expect.arrayContaining([expect.stringMatching(new RegExp(`^${key}.*${before}.*${now}`))]),
    })
    expect(context.journal).not.toContain('start driver')
    expect(context.runtime.checkpoint.files.get(MANIFEST)).toBe(recorded)
  })

  it('is refused with another Kafka cluster', async () => {
    const context = await submittedOnce()
    context.broker.clusterId = 'cluster-2'
    await expect(submit(context)).rejects.toMatchObject({
      code: 'CHECKPOINT_CONFLICT',
      details: [expect.stringMatching(/cluster-1.*cluster-2/)],
    })
  })

  it('is refused when it has commits but no manifest', async () => {
    const context = await testContext()
    context.runtime.checkpoint.isCommitted = true
    await expect(submit(context)).rejects.toMatchObject({ code: 'CHECKPOINT_CONFLICT' })
    expect(context.journal).toEqual(TOPICS)
  })

  it('is refused when its manifest cannot be read', async () => {
    const context = await submittedOnce()
    context.runtime.checkpoint.files.set(MANIFEST, '{"GROUP_BY": ')
    await expect(submit(context)).rejects.toMatchObject({ code: 'CHECKPOINT_CONFLICT' })
  })

  it('is set aside with newCheckpoint, and the new one gets a manifest of the new settings', async () => {
    const context = await submittedOnce()
    await submit(context, { settings: ['GROUP_BY=key'], newCheckpoint: true })
    expect(context.journal).toEqual(['set checkpoint aside', `write ${MANIFEST}`, 'start driver'])
    expect(context.output.notes).toContainEqual(expect.stringContaining('memory-before'))
    expect(JSON.parse(context.runtime.checkpoint.files.get(MANIFEST) ?? '')).toMatchObject({
      GROUP_BY: 'key',
    })
  })

  it.each([
    ['a manifest', '{"GROUP_BY":"none"}'],
    ['a manifest that cannot be read', '{"GROUP_BY": '],
  ])(
    'is set aside with newCheckpoint if it has only %s, as a driver that never committed leaves it',
    async (_, text) => {
      const context = await testContext()
      context.runtime.checkpoint.files.set(MANIFEST, text)
      await submit(context, { settings: ['GROUP_BY=key'], newCheckpoint: true })
      expect(context.journal).toContain('set checkpoint aside')
    },
  )

  it('is not set aside while another driver uses it', async () => {
    const context = await submittedOnce()
    const { checkpoint } = context.runtime
    const read = checkpoint.read.bind(checkpoint)
    let beat = 0
    const renewed = () => {
      beat += 1
      return JSON.stringify({ id: 'a', host: 'other-host', pid: 7, beat })
    }
    checkpoint.read = async (name) => (name === 'cpu-anomaly-driver.json' ? renewed() : read(name))
    await expect(submit(context, { settings: ['GROUP_BY=key'], newCheckpoint: true })).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining('pid 7 on other-host'),
    })
    expect(context.journal).not.toContain('set checkpoint aside')
  })

  it('is not set aside if there is nothing in it yet', async () => {
    const context = await testContext()
    await submit(context, { newCheckpoint: true })
    expect(context.journal).not.toContain('set checkpoint aside')
  })
})

describe('what the settings leave open', () => {
  /** Submits, and again on the same checkpoint with other settings. */
  async function twice(settings: Record<string, string>, then: readonly string[]) {
    const context = await testContext({ settings })
    await context.start()
    await submit(context)
    context.runtime.driverNow = undefined
    context.runtime.checkpoint.isCommitted = true
    return { context, again: submit(context, { settings: then }) }
  }

  it.each([
    ['partitions', {}, ['SPARK_CORES=4']],
    ['partitions that are no longer named', { SHUFFLE_PARTITIONS: '3' }, ['SHUFFLE_PARTITIONS=']],
    ['the state store', { STATE_STORE: 'rocksdb' }, ['STATE_STORE=auto']],
    ['the mode', {}, ['TRIGGER=auto']],
  ])('is as the checkpoint was begun: %s', async (_, settings, then) => {
    const { context, again } = await twice(settings, then)
    await again
    const [first, second] = context.runtime.submissions
    const fixed = ({ submitArgs }: { readonly submitArgs: readonly string[] } = { submitArgs: [] }) =>
      submitArgs.filter((arg) => /shuffle\.partitions|providerClass/.test(arg))
    expect(fixed(second)).toEqual(fixed(first))
    expect(JSON.parse(await readFile(queryFile(context), 'utf8'))).toMatchObject({ trigger: 'micro-batch' })
  })

  it.each([
    ['SHUFFLE_PARTITIONS=4', /^SHUFFLE_PARTITIONS: was 2, is now 4$/],
    ['TRIGGER=real-time', /^TRIGGER: was micro-batch, is now real-time$/],
    [
      'SPARK_CONF_spark.sql.streaming.stateStore.compression.codec=zstd',
      /^SPARK_CONF_spark.*: was \(none\), is now zstd$/,
    ],
  ])('and what they name is compared: %s', async (line, detail) => {
    const { again } = await twice({}, [line])
    await expect(again).rejects.toMatchObject({
      code: 'CHECKPOINT_CONFLICT',
      details: expect.arrayContaining([expect.stringMatching(detail)]),
    })
  })
})

describe('planFor', () => {
  const REAL_TIME = { TRIGGER: 'real-time', INPUT_PARTITIONS: '1' }
  const { masterWithSlots: _, ...cluster } = localJob

  it.each([
    ['the partitions that the input topic has', true, 5],
    ['those that it will be created with', false, 3],
  ])('counts %s', async (_, exists, slots) => {
    const context = await testContext({ settings: REAL_TIME })
    if (exists) context.broker.createTopic('cpu-usage', 3)
    expect(await planFor(await context.config(), context.runtime, context.signal)).toMatchObject({
      trigger: 'real-time',
      slots,
    })
  })

  it('falls back to the settings when no broker answers', async () => {
    const context = await testContext({ settings: REAL_TIME })
    context.broker.isUp = false
    expect(await planFor(await context.config(), context.runtime, context.signal)).toMatchObject({ slots: 3 })
  })

  it('refuses real-time mode on a cluster with too few task slots', async () => {
    const context = await testContext({ settings: REAL_TIME })
    context.broker.createTopic('cpu-usage', 3)
    context.runtime.job = cluster
    const plan = planFor(await context.config(), context.runtime, context.signal)
    await expect(plan).rejects.toMatchObject({ code: 'CONFIGURATION' })
  })
})

import { expect, it, onTestFinished, vi } from 'vitest'
import { testContext } from '../cli/command.fixture.ts'
import type { StackStatus } from '../query/status.ts'
import { submittedFile } from '../query/submitted.ts'
import { driverIn } from '../runtime/runtime.fixture.ts'
import { useVirtualTime } from '../system/virtual-time.fixture.ts'
import { run } from './status.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))
vi.mock('node:timers/promises', () => import('../system/virtual-time.fixture.ts'))

const CLEAR = '\u001b[2J'

it('shows every part, once', async () => {
  const context = await testContext()
  context.runtime.driverNow = driverIn('running', { pid: 42 })
  await run(context, [], {})
  expect(context.output.results).toHaveLength(1)
  expect(context.output.results[0]).toMatch(/kafka.*127\.0\.0\.1:9093.*\bpid 42\b/s)
})

it('names a flag that it does not use', async () => {
  const context = await testContext()
  await run(context.withSettings(['MIN_SAMPLES=4', 'KAFKA_PORT=9093']), [], {})
  expect(context.output.warnings).toEqual(['--set MIN_SAMPLES has no effect on `status`: it is for `tail`'])
})

it('prints one object with --json', async () => {
  const context = await testContext()
  context.runtime.driverNow = driverIn('backing-off')
  await run(context, [], { json: true })
  expect(context.output.values).toEqual([
    expect.objectContaining({
      runtime: 'local',
      parts: context.runtime.partsNow,
      driver: expect.objectContaining({ state: 'backing-off' }),
    }),
  ])
  expect(context.output.results).toEqual([])
})

it.each([
  ['a terminal', true],
  ['a pipe', false],
])('with --watch, refreshes every second until Ctrl-C, on %s', async (_, isTerminal) => {
  const context = await testContext()
  context.output.isTerminal = isTerminal
  vi.stubEnv('TERM', 'xterm-256color')
  onTestFinished(() => void vi.unstubAllEnvs())
  context.runtime.onDriverRead = (reads) => {
    if (reads === 3) context.interrupt()
  }
  await context.config()
  useVirtualTime()
  const startedAt = Date.now()
  await run(context, [], { watch: true })
  expect(context.output.results).toHaveLength(3)
  expect(Date.now() - startedAt).toBe(2_000)
  expect(context.output.results.every((text) => text.includes(CLEAR) === isTerminal)).toBe(true)
})

it('with --watch, goes by the settings of a later submit', async () => {
  const context = await testContext()
  await context.start()
  context.runtime.driverNow = driverIn('running')
  context.runtime.onDriverRead = (reads) => {
    if (reads === 2) context.interrupt()
  }
  const selected = await context.withSettings(['NORMAL_MEAN=30']).select()
  await submittedFile(selected.storage, 'local').write({
    trigger: 'micro-batch',
    reason: 'r',
    checkpointIntervalMs: 1,
  })
  useVirtualTime()
  await run({ ...context, selectAgain: async () => selected }, [], { watch: true, json: true })
  const means = context.output.values.map((value) => (value as StackStatus).detector?.normalMean)
  expect(means).toEqual([14.5, 30])
})

it('with --check, shows a healthy stack and succeeds', async () => {
  const context = await testContext()
  context.runtime.driverNow = driverIn('running')
  await run(context, [], { check: true })
  expect(context.output.results).toHaveLength(1)
})

it.each([
  ['no job runs', undefined, 'running', 'QUERY_FAILED'],
  ['the job is stopped', 'stopped', 'running', 'QUERY_FAILED'],
  ['kafka is stopped', 'running', 'stopped', 'KAFKA_UNREACHABLE'],
] as const)('with --check, shows the stack and fails when %s', async (text, state, kafka, code) => {
  const context = await testContext()
  context.runtime.driverNow = state && driverIn(state)
  context.runtime.partsNow = [{ part: 'kafka', state: kafka }]
  await expect(run(context, [], { check: true })).rejects.toMatchObject({
    code,
    message: expect.stringContaining(text),
  })
  expect(context.output.results).toHaveLength(1)
  await run(context, [], {})
})

it('refuses --check with --watch', async () => {
  await expect(run(await testContext(), [], { check: true, watch: true })).rejects.toMatchObject({
    code: 'USAGE',
  })
})

import { beforeEach, expect, it, vi } from 'vitest'
import { type TestContext, testContext } from '../cli/command.fixture.ts'
import { driverIn } from '../runtime/runtime.fixture.ts'
import { useVirtualTime } from '../system/virtual-time.fixture.ts'
import { runJob, sent } from './produce.fixture.ts'
import { run } from './produce.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))
vi.mock('node:timers/promises', () => import('../system/virtual-time.fixture.ts'))
vi.mock('../produce/cpu-times.ts', () => import('../produce/cpu-times.fixture.ts'))

let context: TestContext
beforeEach(async () => {
  context = await testContext()
  context.broker.createTopic('cpu-usage')
  useVirtualTime()
  runJob(context, { watermarkMs: Date.now() - 11_000 })
})

/** Does so when this many samples have been sent. */
const whenSent = (count: number, work: () => unknown): void => {
  context.broker.onRequest = (request) => {
    if (request === 'produce' && sent(context).length === count) work()
  }
}

const runFor = (seconds: number) => run(context, [], { live: true, rate: 5, seconds })

it('says nothing while the job goes on', async () => {
  whenSent(100, () => runJob(context, { watermarkMs: Date.now() - 11_000 }))
  await runFor(60)
  expect([context.output.warnings, context.output.notes]).toEqual([[], []])
})

it('warns when the watermark moves ahead of what is sent, once', async () => {
  whenSent(100, () => runJob(context, { watermarkMs: Date.now() + 3_600_000 }))
  await runFor(60)
  expect(context.output.warnings).toEqual([
    expect.stringMatching(/watermark is 2026-01-01T01:00:\S+ now.*late, in no window/),
  ])
})

it('says when the job stops and when it goes on', async () => {
  whenSent(100, () => (context.runtime.driverNow = driverIn('gave-up')))
  await runFor(40)
  expect(context.output.warnings).toEqual([expect.stringMatching(/no longer reads cpu-usage.*submit/)])
  expect(context.output.notes).toEqual([expect.stringMatching(/^No job reads/)])
  whenSent(300, () => (context.runtime.driverNow = driverIn('running')))
  await runFor(40)
  expect(context.output.notes.at(-1)).toMatch(/reads cpu-usage again/)
})

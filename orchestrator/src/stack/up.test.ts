import { expect, it, vi } from 'vitest'
import { testContext } from '../cli/command.fixture.ts'
import { CliError } from '../errors.ts'
import { useVirtualTime } from '../system/virtual-time.fixture.ts'
import { bringUp } from './up.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))
vi.mock('node:timers/promises', () => import('../system/virtual-time.fixture.ts'))

it('starts what is missing, waits for the broker, and then creates the topics', async () => {
  const context = await testContext()
  const selected = await context.select()
  let refusals = 0
  context.broker.onRequest = (request) => {
    if (request === 'connect' && ++refusals < 3) throw new CliError('KAFKA_UNREACHABLE', 'not yet')
  }
  useVirtualTime()
  await bringUp(selected, context.output, context.signal)
  expect(context.journal).toEqual([
    'preflight',
    'start',
    'create topic cpu-usage',
    'create topic anomaly',
    'create topic cpu-usage.dead-letter',
  ])
  expect(context.output.notes).toContainEqual(expect.stringMatching(/local.*of the test/))
})

it('reports existing topics', async () => {
  const context = await testContext()
  context.broker.createTopic('cpu-usage', 4)
  await bringUp(await context.select(), context.output, context.signal)
  expect(context.journal).not.toContain('create topic cpu-usage')
  expect(context.output.steps.at(-1)?.text).toMatch(/cpu-usage.*\b4\b/s)
})

it('starts nothing when the preflight fails', async () => {
  const context = await testContext()
  context.runtime.onStep = () => {
    throw new CliError('TOOL_MISSING', 'no Java')
  }
  const starting = bringUp(await context.select(), context.output, context.signal)
  await expect(starting).rejects.toMatchObject({ code: 'TOOL_MISSING' })
  expect(context.journal).toEqual(['preflight'])
})

it("fails with the broker's last answer when it does not become ready within a minute", async () => {
  const context = await testContext()
  const selected = await context.select()
  context.broker.isUp = false
  useVirtualTime()
  const startedAt = Date.now()
  const starting = bringUp(selected, context.output, context.signal)
  await expect(starting).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE' })
  expect(Date.now() - startedAt).toBe(60_000)
})

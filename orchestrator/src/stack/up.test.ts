import { expect, it, vi } from 'vitest'
import { testContext } from '../cli/command.fixture.ts'
import { CliError } from '../errors.ts'
import { driverIn } from '../runtime/runtime.fixture.ts'
import { useVirtualTime } from '../system/virtual-time.fixture.ts'
import { recordUp, stackFile } from './record.ts'
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

it('records the engine, and says later on the other runtime where data are kept', async () => {
  const docker = await testContext({ runtime: 'docker' })
  const engine = { url: 'unix:///one.sock', id: 'one' }
  const selected = await docker.start()
  Object.assign(docker.runtime, { engine: async () => engine })
  await bringUp(selected, docker.output, docker.signal)
  expect((await stackFile(selected.storage).read())?.engine).toEqual(engine)
  expect(docker.output.notes.join('\n')).not.toContain('are kept in')

  const local = await testContext()
  await bringUp({ ...(await local.select()), storage: selected.storage }, local.output, local.signal)
  expect(local.output.notes).toContainEqual(expect.stringMatching(/kept in Docker's volumes .*one\.sock/))
  expect((await stackFile(selected.storage).read())?.engine).toEqual(engine)
})

it('starts nothing when the preflight fails', async () => {
  const context = await testContext()
  context.runtime.onStep = () => {
    throw new CliError('TOOL_MISSING', 'no Java')
  }
  const starting = bringUp(await context.select(), context.output, context.signal)
  await expect(starting).rejects.toMatchObject({ code: 'TOOL_MISSING' })
  expect(context.journal).toEqual(['preflight'])
  expect(await context.selectStarted()).toBeUndefined() // `down` would find nothing
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

/** A stack that `up` started, and the same folder with another setting. */
async function restarted(settings: readonly string[]) {
  const context = await testContext()
  await context.start()
  return { context, selected: await context.withSettings(settings).select() }
}

it.each([['KAFKA_PORT=19093'], ['KAFKA_SERVERS=h:1'], ['KAFKA_USERNAME=ana', 'KAFKA_PASSWORD=canary']])(
  'refuses %s while a job runs that reaches the broker otherwise',
  async (...settings) => {
    const { context, selected } = await restarted(settings)
    context.runtime.driverNow = driverIn('running')
    const starting = bringUp(selected, context.output, context.signal)
    await expect(starting).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining(settings[0]?.split('=', 1)[0] ?? ''),
      hint: expect.stringContaining('cpu-anomaly stop'),
    })
    expect(context.journal).toEqual([])
  },
)

it('brings a changed setting into force, says so, and remembers it', async () => {
  const { context, selected } = await restarted(['KAFKA_PORT=19093'])
  await bringUp(selected, context.output, context.signal)
  expect(context.output.notes).toContainEqual('KAFKA_PORT was 9093, is now 19093')
  expect(await stackFile(selected.storage).read()).toMatchObject({
    up: true,
    settings: { KAFKA_PORT: { value: '19093' } },
  })
})

it('makes the topics of a given cluster before it starts anything', async () => {
  const context = await testContext({ settings: { KAFKA_SERVERS: 'h:1' } })
  context.runtime.kafka = { ...context.runtime.kafka, isOwn: false }
  await bringUp(await context.select(), context.output, context.signal)
  expect(context.journal.slice(0, 2)).toEqual(['preflight', 'create topic cpu-usage'])
  expect(context.journal.at(-1)).toBe('start')
  expect(context.output.notes).toContainEqual('Kafka: 127.0.0.1:9093 (KAFKA_SERVERS)')
})

it('refuses a given cluster while the stack has a broker of its own, which would be left running', async () => {
  const { context, selected } = await restarted(['KAFKA_SERVERS=h:1'])
  await expect(bringUp(selected, context.output, context.signal)).rejects.toMatchObject({
    code: 'CONFIGURATION',
    message: "KAFKA_SERVERS=h:1, but this folder's stack is up with a broker of its own",
    hint: expect.stringContaining('cpu-anomaly down'),
  })
  expect(context.journal).toEqual([])
})

it('goes from one given cluster to another without a job', async () => {
  const { context, selected } = await restarted(['KAFKA_SERVERS=h:1'])
  await recordUp(selected.storage, selected.config, 'local')
  const other = await context.withSettings(['KAFKA_SERVERS=i:1']).select()
  await bringUp(other, context.output, context.signal)
  expect(context.output.notes).toContainEqual('KAFKA_SERVERS was h:1, is now i:1')
})

it('does not claim success while a part is missing', async () => {
  const context = await testContext()
  context.runtime.partsNow.push({ part: 'spark-worker', state: 'stopped', detail: 'exit code 137' })
  const starting = bringUp(await context.select(), context.output, context.signal)
  await expect(starting).rejects.toMatchObject({
    code: 'CLUSTER_UNREACHABLE',
    message: expect.stringMatching(/spark-worker.*137/),
  })
})

import { describe, expect, it } from 'vitest'
import { type TestContext, testContext } from '../cli/command.fixture.ts'
import { CliError } from '../errors.ts'
import { submittedFile } from '../query/submitted.ts'
import { driverIn } from '../runtime/runtime.fixture.ts'
import { takeDown } from './down.ts'
import { selectRuntime } from './select.ts'

/** A folder whose stack is up on the local runtime, with a job. */
async function started(): Promise<TestContext> {
  const context = await testContext()
  await context.start()
  context.runtime.driverNow = driverIn('running')
  return context
}

const down = async (context: TestContext, volumes = false) =>
  takeDown(await context.select(), volumes, context.output, context.signal)

/** May the next `up` choose another runtime? */
const isReleased = async (context: TestContext): Promise<boolean> =>
  (await selectRuntime(await context.withSettings(['RUNTIME=docker']).config(), context.output)).runtime
    .name === 'docker'

describe('takeDown', () => {
  it('stops the job, then Kafka and Spark, and keeps the data', async () => {
    const context = await started()
    expect(await down(context)).toEqual({
      stopped: [{ part: 'job', gone: ['driver', 'supervisor'] }, ...context.runtime.stoppedParts],
      removed: [],
      notRemoved: [],
    })
    expect(context.journal).toEqual(['stop driver', 'stop'])
    expect(await isReleased(context)).toBe(true)
  })

  it.each([
    [true, 'Kafka and Spark are down', 'Kafka and Spark were not running'],
    [false, 'Spark is down', 'Spark was not running'],
  ])('names what it stops, if Kafka is its own: %s', async (isOwn, whenUp, whenDown) => {
    const context = await started()
    context.runtime.kafka = { ...context.runtime.kafka, isOwn }
    await down(context)
    context.runtime.stoppedParts = []
    await down(context)
    const steps = context.output.steps.map(({ text }) => text).filter((text) => text?.includes('Spark'))
    expect(steps).toEqual([whenUp, whenDown])
  })

  it('removes data and checkpoint last, with volumes, and forgets the query', async () => {
    const context = await started()
    await submittedFile((await context.select()).storage, 'local').write({
      trigger: 'micro-batch',
      reason: '',
      checkpointIntervalMs: 60_000,
    })
    const { removed } = await down(context, true)
    expect(context.journal).toEqual(['stop driver', 'stop', 'remove volumes'])
    expect(removed).toEqual(context.runtime.removedVolumes)
    expect(await submittedFile((await context.select()).storage, 'local').read()).toBeUndefined()
  })

  it('waits for the end of a batch only if something of it is kept', async () => {
    const context = await started()
    await down(context)
    expect(context.runtime.driverStopTimeoutMs).toBeGreaterThan(30_000)
    context.runtime.driverNow = driverIn('running')
    await down(context, true)
    expect(context.runtime.driverStopTimeoutMs).toBe(1_000)
  })

  it('reports no job if none was running', async () => {
    const context = await started()
    context.runtime.driverNow = undefined
    context.runtime.stoppedParts = []
    expect(await down(context)).toEqual({ stopped: [], removed: [], notRemoved: [] })
    expect(context.journal).toEqual(['stop'])
  })

  it.each(['stop driver', 'stop', 'remove volumes'])(
    'keeps the runtime on record when it fails to %s, for the next `down`',
    async (step) => {
      const context = await started()
      context.runtime.onStep = (done) => {
        if (done === step) throw new CliError('CLUSTER_UNREACHABLE', 'no answer')
      }
      await expect(down(context, true)).rejects.toMatchObject({ code: 'CLUSTER_UNREACHABLE' })
      expect(context.journal.at(-1)).toBe(step)
      expect(await isReleased(context)).toBe(false)
    },
  )

  it('stops an own Kafka although the cluster does not answer, and says how to go on', async () => {
    const context = await started()
    context.runtime.name = 'kubernetes'
    context.runtime.onStep = (done) => {
      if (done === 'stop driver')
        throw new CliError('CLUSTER_UNREACHABLE', 'no answer', { hint: 'Correct KUBECONFIG.' })
    }
    const { storage } = await context.select()
    await expect(down(context)).rejects.toMatchObject({
      code: 'CLUSTER_UNREACHABLE',
      message: 'what runs on your cluster could not be ended: no answer',
      details: ['stopped  kafka: pid 11, port 9093 gone'],
      hint: expect.stringMatching(new RegExp(`^Correct KUBECONFIG\\.\nThen run .* remove ${storage.run}: `)),
    })
    expect(context.journal).toEqual(['stop driver', 'stop Kafka'])
    expect(await isReleased(context)).toBe(false)
  })
})

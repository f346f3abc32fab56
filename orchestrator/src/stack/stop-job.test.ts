import { describe, expect, it } from 'vitest'
import { type TestContext, testContext } from '../cli/command.fixture.ts'
import { type SubmittedQuery, submittedFile } from '../query/submitted.ts'
import { driverIn } from '../runtime/runtime.fixture.ts'
import { stopJob } from './stop-job.ts'

const MICRO_BATCH: SubmittedQuery = { trigger: 'micro-batch', reason: 'r', checkpointIntervalMs: 90_000 }

async function running(query?: SubmittedQuery): Promise<TestContext> {
  const context = await testContext()
  context.runtime.driverNow = driverIn('running')
  if (query) await submittedFile((await context.select()).storage, 'local').write(query)
  return context
}

const stop = async (context: TestContext) => stopJob(await context.select(), context.output, context.signal)

describe('stopJob', () => {
  it('does nothing without a job', async () => {
    const context = await testContext()
    expect(await stop(context)).toBe('not-running')
    expect(context.journal).toEqual([])
    expect(context.output.steps).toEqual([])
  })

  it.each(['stopped', 'killed', 'not-running'] as const)(
    'returns and shows the outcome: %s',
    async (outcome) => {
      const context = await running(MICRO_BATCH)
      context.runtime.stopOutcome = outcome
      expect(await stop(context)).toBe(outcome)
      expect(context.output.steps[0]?.text).toContain(
        outcome === 'not-running' ? 'no longer running' : outcome,
      )
    },
  )

  it.each(['failed', 'gave-up', 'lost', 'orphaned'] as const)(
    'also clears up after a driver that is %s',
    async (state) => {
      const context = await running(MICRO_BATCH)
      context.runtime.driverNow = driverIn(state)
      await stop(context)
      expect(context.journal).toEqual(['stop driver'])
    },
  )

  it('notes how long a real-time job may take to stop, and waits that long', async () => {
    const context = await running({ ...MICRO_BATCH, trigger: 'real-time' })
    await stop(context)
    expect(context.output.notes).toEqual([expect.stringMatching(/\b90 s/)])
    expect(context.runtime.driverStopTimeoutMs).toBeGreaterThan(90_000 + 30_000)
  })

  it.each([
    ['a micro-batch', MICRO_BATCH],
    ['an unknown', undefined],
  ])('gives %s job 30 s, and the supervisor 30 s more', async (_, query) => {
    const context = await running(query)
    await stop(context)
    expect(context.output.notes).toEqual([])
    expect(context.runtime.driverStopTimeoutMs).toBe(60_000)
  })
})

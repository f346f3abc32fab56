import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isThere, lockedSteps, type TestContext, testContext } from '../cli/command.fixture.ts'
import { driverIn } from '../runtime/runtime.fixture.ts'
import { run } from './stop.ts'

async function started(): Promise<TestContext> {
  const context = await testContext()
  await context.start()
  return context
}

describe('stop', () => {
  it.each([
    ['nothing was started', testContext],
    ['no job runs', started],
  ])('notes that no job is running when %s', async (_, prepare) => {
    const context = await prepare()
    await run(context, [], {})
    expect(context.output.notes).toHaveLength(1)
    await run(context, [], { json: true })
    expect(context.output.values).toEqual([{ job: 'not-running' }])
    expect(context.journal).toEqual([])
  })

  it.each(['stopped', 'killed', 'not-running'] as const)(
    'prints the outcome with --json: %s',
    async (outcome) => {
      const context = await started()
      context.runtime.driverNow = driverIn('running')
      context.runtime.stopOutcome = outcome
      await run(context, [], { json: true })
      expect(context.output.values).toEqual([{ job: outcome }])
    },
  )

  it("holds the folder's lock while it stops the job, and leaves Kafka and Spark alone", async () => {
    const context = await started()
    context.runtime.driverNow = driverIn('running')
    const locked = lockedSteps(context)
    await run(context, [], {})
    expect(locked).toEqual(['stop driver'])
    expect(context.journal).toEqual(locked)
    expect(await isThere(join(context.folder, 'storage', 'run', 'folder.lock'))).toBe(false)
  })
})

import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { lockedSteps, type TestContext, testContext } from '../cli/command.fixture.ts'
import { recordUp, stackFile } from '../stack/record.ts'
import { standardInput } from '../terminal/stdin.fixture.ts'
import { run } from './down.ts'

async function started(): Promise<TestContext> {
  const context = await testContext()
  await context.start()
  return context
}

describe('down', () => {
  it('notes that nothing was started, and does nothing', async () => {
    const context = await testContext()
    await run(context, [], { volumes: true })
    expect(context.output.notes).toHaveLength(1)
    await run(context, [], { json: true })
    expect(context.output.values).toEqual([{ stopped: [], removed: [], notRemoved: [] }])
    expect(context.journal).toEqual([])
  })

  it("holds the folder's lock while it stops everything, and names what is gone and what was kept", async () => {
    const context = await started()
    const locked = lockedSteps(context)
    await run(context, [], {})
    expect(locked).toEqual(['stop'])
    expect(context.journal).toEqual(locked)
    expect(context.output.notes).toEqual([
      expect.stringMatching(/kafka.*pid 11.*port 9093/),
      expect.stringContaining('--volumes'),
    ])
  })

  it.each([
    [true, 'kept     Kafka data and checkpoint (remove them with `down --volumes`)'],
    [false, 'kept     checkpoint (remove it with `down --volumes`)'],
  ])('says what it kept, if Kafka is its own: %s', async (isOwn, expected) => {
    const context = await started()
    context.runtime.kafka = { ...context.runtime.kafka, isOwn }
    await run(context, [], {})
    expect(context.output.notes.at(-1)).toBe(expected)
  })

  it.each(['y', 'Y', 'yes'])('removes the data after the answer %j, and names it', async (answer) => {
    const context = await started()
    standardInput(`${answer}\n`, { isTTY: true })
    await run(context, [], { volumes: true })
    expect(context.journal).toEqual(['stop', 'remove volumes'])
    expect(context.output.notes.slice(1)).toEqual(
      context.runtime.removedVolumes.map((volume) => expect.stringContaining(volume)),
    )
  })

  it.each(['n', '', 'yep', 'no'])('changes nothing after the answer %j', async (answer) => {
    const context = await started()
    standardInput(`${answer}\n`, { isTTY: true })
    await expect(run(context, [], { volumes: true })).rejects.toMatchObject({ code: 'DECLINED', exitCode: 2 })
    expect(context.journal).toEqual([])
  })

  it('changes nothing at the end of the input (Ctrl-D)', async () => {
    const context = await started()
    standardInput('', { isTTY: true })
    await expect(run(context, [], { volumes: true })).rejects.toMatchObject({ code: 'DECLINED', exitCode: 2 })
    expect(context.journal).toEqual([])
  })

  it('changes nothing without a terminal to answer on, and names --yes', async () => {
    const context = await started()
    standardInput('y\n', { isTTY: false })
    await expect(run(context, [], { volumes: true })).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('--yes'),
    })
    expect(context.journal).toEqual([])
  })

  it('does not ask with --yes, or without --volumes', async () => {
    const context = await started()
    standardInput('n\n', { isTTY: true })
    await run(context, [], { volumes: true, yes: true })
    await run(context, [], {})
    expect(context.journal).toEqual(['stop', 'remove volumes', 'stop'])
  })

  it('does not say that data were kept if it was asked to remove them', async () => {
    const context = await started()
    context.runtime.removedVolumes = []
    await run(context, [], { volumes: true, yes: true })
    expect(context.output.notes.join('\n')).not.toContain('kept')
  })

  it('names volumes of the other runtime that it cannot remove', async () => {
    vi.stubEnv('DOCKER_HOST', 'unix:///nonexistent.sock')
    onTestFinished(() => void vi.unstubAllEnvs())
    const context = await testContext()
    const { storage, config } = await context.start()
    await recordUp(storage, config, 'local', { url: 'unix:///one.sock', id: 'one' })
    for (const json of [false, true]) await run(context, [], { volumes: true, yes: true, json })
    const volumes = /Docker's volumes \(unix:\/\/\/one\.sock\): no Docker engine is running/
    expect(context.output.warnings[0]).toMatch(volumes)
    expect(context.output.values).toMatchObject([{ notRemoved: [expect.stringMatching(volumes)] }])
    expect((await stackFile(storage).read())?.engine).toBeDefined() // the next `down --volumes` tries again
  })

  it('prints what was stopped and removed with --json', async () => {
    const context = await started()
    await run(context, [], { volumes: true, yes: true, json: true })
    expect(context.output.values).toEqual([
      { stopped: context.runtime.stoppedParts, removed: context.runtime.removedVolumes, notRemoved: [] },
    ])
    expect(context.output.notes).toEqual([])
  })
})

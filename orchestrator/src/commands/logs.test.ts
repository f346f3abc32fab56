import { describe, expect, it } from 'vitest'
import { type TestContext, testContext } from '../cli/command.fixture.ts'
import { run } from './logs.ts'

async function withLog(): Promise<TestContext> {
  const context = await testContext()
  context.runtime.logLines.driver = ['one', 'two', 'three']
  return context
}

describe('logs', () => {
  it.each([
    ['the last 50 lines of the driver by default', [], {}, { part: 'driver', lines: 50, follow: false }],
    ['another part', ['kafka'], {}, { part: 'kafka', lines: 50, follow: false }],
    ['as many lines as asked', ['spark'], { lines: 200 }, { part: 'spark', lines: 200, follow: false }],
    ['none of them', [], { lines: 0 }, { part: 'driver', lines: 0, follow: false }],
  ])('reads %s', async (_, args, flags, expected) => {
    const context = await withLog()
    await run(context, args, flags)
    expect(context.runtime.logRequests).toEqual([expected])
  })

  it('shows lines from outside escaped', async () => {
    const context = await withLog()
    context.runtime.logLines.driver.push('\u001b[2Jgone')
    await run(context, [], { lines: 2 })
    expect(context.output.results).toEqual(['three', '\\x1b[2Jgone'])
  })

  it('refuses a part that there is not, and names those that there are', async () => {
    const context = await withLog()
    await expect(run(context, ['zookeeper'], {})).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('zookeeper'),
      hint: expect.stringMatching(/kafka.*spark.*driver/),
    })
    expect(context.runtime.logRequests).toEqual([])
  })

  it.each([
    ['says that a log is empty', [], {}, 1],
    ['does not say so of a log with lines', ['driver'], {}, 0],
    ['does not say so when no lines were asked for', ['kafka'], { lines: 0 }, 0],
  ])('%s', async (_, args, flags, notes) => {
    const context = await withLog()
    await run(context, args.length > 0 ? args : ['kafka'], flags)
    expect(context.output.notes).toHaveLength(notes)
  })

  it('follows an empty log until Ctrl-C', async () => {
    const context = await testContext()
    context.runtime.grownLines = ['new']
    context.runtime.onFollowed = context.interrupt
    await run(context, [], { follow: true })
    expect(context.output.results).toEqual(['new'])
    expect(context.output.notes).toEqual([])
  })
})

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
    [
      'as many lines as --lines sets',
      ['spark'],
      { lines: 200 },
      { part: 'spark', lines: 200, follow: false },
    ],
    ['no lines with --lines 0', [], { lines: 0 }, { part: 'driver', lines: 0, follow: false }],
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

  it('refuses an unknown part, and names the known ones', async () => {
    const context = await withLog()
    await expect(run(context, ['zookeeper'], {})).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('zookeeper'),
      hint: expect.stringMatching(/kafka.*spark.*driver/),
    })
    expect(context.runtime.logRequests).toEqual([])
  })

  it.each([
    ['notes that a log is empty', [], {}, 1],
    ['notes nothing about a log with lines', ['driver'], {}, 0],
    ['notes nothing with --lines 0', ['kafka'], { lines: 0 }, 0],
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
  })

  it('does not note that a log is empty after it has followed it', async () => {
    const context = await testContext()
    context.runtime.onFollowed = context.interrupt
    await run(context, [], { follow: true })
    expect(context.output.notes).toEqual([])
  })
})

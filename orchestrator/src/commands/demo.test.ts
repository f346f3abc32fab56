import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { isThere, type TestContext, testContext } from '../cli/command.fixture.ts'
import type { DemoResult } from '../demo/demo-run.ts'
import { LatestResults } from '../demo/latest-results.ts'
import { CliError } from '../errors.ts'
import { run } from './demo.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))

const RESULT: DemoResult = { latest: new LatestResults(), samplesSent: 72_160, hourSeconds: 3, liveFromMs: 0 }
const demo = vi.hoisted(() => ({ run: (): Promise<DemoResult> => Promise.reject() }))
vi.mock('../demo/demo-run.ts', () => ({
  DemoRun: class {
    run(): Promise<DemoResult> {
      return demo.run()
    }
  },
}))

let context: TestContext
beforeEach(async () => {
  context = await testContext()
  demo.run = async () => {
    context.runtime.journal.push('run demo')
    return RESULT
  }
})

/** The demo's own storage folder, apart from the project's. */
const storage = () => join(context.folder, 'storage-demo')
const settings = () => context.derived.flat()
const steps = () => context.journal.filter((step) => !/^(?:create topic|write) /.test(step))

const STARTED = ['preflight', 'start', 'start driver']
const DOWN = ['stop driver', 'stop', 'remove volumes']

describe('demo', () => {
  it('starts everything, runs the demo, and removes everything', async () => {
    await run(context, [], {})
    expect(steps()).toEqual([...STARTED, 'run demo', ...DOWN])
    expect(context.output.results.join()).toContain('72,160')
    expect(await isThere(storage())).toBe(false)
    expect(await isThere(join(context.folder, 'storage'))).toBe(false)
  })

  it('leaves everything running with --keep, with a file of settings for the other commands', async () => {
    await run(context, [], { keep: true })
    expect(steps()).toEqual([...STARTED, 'run demo'])
    const file = join(storage(), 'demo.env')
    expect(await isThere(file)).toBe(true)
    expect(context.output.notes.filter((line) => line.includes(`--settings ${file}`))).toHaveLength(3)
  })

  it('says which settings of the call it replaces, but not those of the project', async () => {
    await run(context.withSettings(['NORMAL_MEAN=20', 'SPARK_CORES=1', 'SPARK_WORKERS=2']), [], {})
    expect(context.output.warnings).toEqual([
      'NORMAL_MEAN has no effect: the demo has a value of its own',
      'SPARK_WORKERS has no effect on the local runtime',
    ])
  })

  it('first removes an earlier demo that was kept', async () => {
    await run(context, [], { keep: true })
    context.runtime.journal.length = 0
    await run(context, [], {})
    expect(steps()).toEqual([...DOWN, ...STARTED, 'run demo', ...DOWN])
  })

  it.each([false, true])('takes everything down when the demo fails, also with --keep (%s)', async (keep) => {
    demo.run = () => Promise.reject(new CliError('QUERY_FAILED', 'no results'))
    await expect(run(context, [], { keep })).rejects.toMatchObject({ code: 'QUERY_FAILED' })
    expect(steps()).toEqual([...STARTED, ...DOWN])
    expect(context.output.results).toEqual([])
  })

  it('takes down what was started when the start fails', async () => {
    context.runtime.onStep = (step) => {
      if (step === 'start') throw new CliError('CLUSTER_UNREACHABLE', 'no answer')
    }
    await expect(run(context, [], {})).rejects.toMatchObject({ code: 'CLUSTER_UNREACHABLE' })
    expect(steps()).toEqual(['preflight', 'start', 'stop', 'remove volumes'])
  })

  it('takes everything down after Ctrl-C, with a signal that is not aborted', async () => {
    demo.run = async () => {
      context.interrupt()
      throw context.signal.reason
    }
    await expect(run(context, [], {})).rejects.toThrow('interrupted by SIGINT')
    expect(steps()).toEqual([...STARTED, ...DOWN])
  })

  it.each([
    [{}, 'RUNTIME=local'],
    [{ RUNTIME: 'local' }, 'RUNTIME=local'],
    [{ RUNTIME: 'auto' }, 'RUNTIME=auto'],
  ])('runs on the local runtime unless the settings name another: %j', async (given, expected) => {
    context = await testContext({ settings: given })
    await run(context, [], {})
    expect(settings()).toContain(expected)
  })
})

import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { isThere, type TestContext, testContext } from '../cli/command.fixture.ts'
import type { DemoResult } from '../demo/demo-run.ts'
import type { Normal } from '../demo/normal.ts'
import { CliError } from '../errors.ts'
import { resultAt } from '../tail/result.fixture.ts'
import { run } from './demo.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))

const NORMAL = { mean: 21.5, stddev: 15 }
const [before, found] = [resultAt(0, 'SAFE'), resultAt(500, 'ERROR')]
const RESULT: DemoResult = {
  normal: NORMAL,
  learnedFrom: 14,
  verdict: { inside: [found], missed: [], outside: [before], falseAlarms: [] },
  latencies: [12],
  samplesSent: 701,
  samplesCounted: 701,
}

type Submit = (normal: Normal) => Promise<void>
const demo = vi.hoisted(() => ({ run: (_: Submit): Promise<DemoResult> => Promise.reject() }))
vi.mock('../demo/demo-run.ts', () => ({
  DemoRun: class {
    readonly #submit: Submit
    constructor(_: unknown, submit: Submit) {
      this.#submit = submit
    }
    run(): Promise<DemoResult> {
      return demo.run(this.#submit)
    }
  },
}))

let context: TestContext
beforeEach(async () => {
  context = await testContext()
  demo.run = async (submit) => {
    await submit(NORMAL)
    context.runtime.journal.push('run demo')
    return RESULT
  }
})

/** The demo's own storage folder, apart from the project's. */
const storage = () => join(context.folder, 'storage-demo')
const settings = () => context.derived.flat()
const steps = () => context.journal.filter((step) => !/^(?:create topic|write) /.test(step))

const STARTED = ['preflight', 'start', 'start driver']
const JUDGED_ANEW = ['stop driver', 'start driver']
const DOWN = ['stop driver', 'stop', 'remove volumes']

describe('demo', () => {
  it('starts everything, runs the demo, and removes everything', async () => {
    await run(context, [], {})
    expect(steps()).toEqual([...STARTED, ...JUDGED_ANEW, 'run demo', ...DOWN])
    expect(context.output.results.join()).toContain('701 sent')
    expect(await isThere(storage())).toBe(false)
    expect(await isThere(join(context.folder, 'storage'))).toBe(false)
  })

  it('starts the job again with what it has learned', async () => {
    await run(context, [], {})
    expect(settings()).toEqual(expect.arrayContaining(['NORMAL_MEAN=21.5', 'NORMAL_STDDEV=15']))
  })

  it('fails when the burst was not found as a whole, after it has cleaned up', async () => {
    demo.run = async () => ({
      ...RESULT,
      verdict: { ...RESULT.verdict, inside: [before, found], missed: [before] },
    })
    await expect(run(context, [], {})).rejects.toMatchObject({ code: 'QUERY_FAILED' })
    expect(await isThere(storage())).toBe(false)
  })

  it('warns of anomalies that are not its own', async () => {
    demo.run = async () => ({ ...RESULT, verdict: { ...RESULT.verdict, falseAlarms: [found] } })
    await run(context, [], {})
    expect(context.output.warnings.join()).toContain('00:00:00')
  })

  it('leaves everything running with --keep, with a file of settings for the other commands', async () => {
    await run(context, [], { keep: true })
    expect(steps()).toEqual([...STARTED, ...JUDGED_ANEW, 'run demo'])
    const file = join(storage(), 'demo.env')
    expect(await isThere(file)).toBe(true)
    expect(context.output.notes.filter((line) => line.includes(`--settings ${file}`))).toHaveLength(3)
  })

  it('says which settings of the call it replaces, but not those of the project', async () => {
    await run(context.withSettings(['NORMAL_MEAN=20', 'SPARK_DRIVER_MEMORY=1g', 'SPARK_WORKERS=2']), [], {})
    expect(context.output.warnings).toEqual([
      'NORMAL_MEAN has no effect: the demo has a value of its own',
      'SPARK_WORKERS has no effect on the local runtime',
    ])
  })

  it('first removes an earlier demo that was kept', async () => {
    await run(context, [], { keep: true })
    context.runtime.journal.length = 0
    await run(context, [], {})
    expect(steps()).toEqual([...DOWN, ...STARTED, ...JUDGED_ANEW, 'run demo', ...DOWN])
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

import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { lockedSteps, testContext } from '../cli/command.fixture.ts'
import { CliError } from '../errors.ts'
import { driverIn } from '../runtime/runtime.fixture.ts'
import { readStorageId } from '../storage/mark.ts'
import { run } from './up.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))

describe('up', () => {
  it('claims the folder, and holds its lock while it starts', async () => {
    const context = await testContext()
    const locked = lockedSteps(context)
    await run(context, [], {})
    expect(locked).toEqual(['preflight', 'start'])
    expect(context.journal.slice(0, 2)).toEqual(locked)
    expect(await context.selectStarted()).toBeDefined()
    expect(context.output.notes.join('\n')).toMatch(/127\.0\.0\.1:9093.*memory.*cpu-anomaly submit/s)
  })

  it('prints runtime, addresses, storage and parts with --json', async () => {
    const context = await testContext()
    await run(context, [], { json: true })
    expect(context.output.values).toEqual([
      {
        runtime: 'local',
        kafka: ['127.0.0.1:9093'],
        storage: join(context.folder, 'storage'),
        parts: context.runtime.partsNow,
      },
    ])
  })

  it('overrides SPARK_WORKERS with --workers', async () => {
    const context = await testContext({
      settings: { SPARK_WORKERS: '2', RUNTIME: 'docker' },
      runtime: 'docker',
    })
    await run(context, [], { workers: 3 })
    expect(context.derived).toEqual([['SPARK_WORKERS=3']])
    expect(context.output.warnings).toEqual([])
  })

  it('says what does nothing on the local runtime: a setting is warned about, a flag refused', async () => {
    const context = await testContext({ settings: { SPARK_WORKERS: '2' } })
    await run(context, [], {})
    expect(context.output.warnings).toEqual(['SPARK_WORKERS has no effect on the local runtime'])
    const other = await testContext()
    await expect(run(other, [], { workers: 3 })).rejects.toMatchObject({ code: 'USAGE', exitCode: 2 })
    expect(other.journal).toEqual([])
  })

  it('starts nothing when the stack is up on another runtime', async () => {
    const context = await testContext({ settings: { RUNTIME: 'docker' } })
    await expect(run(context, [], {})).rejects.toMatchObject({ code: 'CONFIGURATION' })
    expect(context.journal).toEqual([])
    expect(await readStorageId(join(context.folder, 'storage'))).toBeUndefined()
  })

  it('leaves what it started for `down` to stop when it fails', async () => {
    const context = await testContext()
    context.runtime.onStep = (step) => {
      if (step === 'start') throw new CliError('CLUSTER_UNREACHABLE', 'no answer')
    }
    await expect(run(context, [], {})).rejects.toMatchObject({ code: 'CLUSTER_UNREACHABLE' })
    expect(await context.selectStarted()).toBeDefined()
  })

  it.each([
    ['gave-up', /gave up.*submit.*5 failures/s],
    ['lost', /killed.*submit/s],
    ['running', /running.*cpu-anomaly status/s],
    [undefined, /Next +npx cpu-anomaly submit/],
  ] as const)('names a job that is %s, and what to do', async (state, text) => {
    const context = await testContext()
    context.runtime.driverNow = state && driverIn(state, { reason: '5 failures without a new commit' })
    await run(context, [], {})
    expect(context.output.notes.join('\n')).toMatch(text)
  })

  it('warns of a flag that only `submit` brings into force', async () => {
    const context = await testContext()
    const flags = ['NORMAL_MEAN=38', 'KAFKA_PORT=9093', 'INPUT_TOPIC=other']
    await run(context.withSettings(flags), [], {})
    expect(context.output.warnings).toEqual([expect.stringMatching(/NORMAL_MEAN.*submit/)])
  })

  it('refuses --moved in a folder that was not moved, and beside --adopt', async () => {
    const context = await testContext()
    await expect(run(context, [], { moved: true })).rejects.toMatchObject({ code: 'USAGE' })
    await expect(run(context, [], { moved: true, adopt: true })).rejects.toMatchObject({
      message: expect.stringContaining('contradict'),
    })
  })

  it('adopts a copy only with --adopt, and refuses that flag elsewhere', async () => {
    const context = await testContext()
    await expect(run(context, [], { adopt: true })).rejects.toMatchObject({ code: 'USAGE' })
    const original = await testContext()
    await original.start()
    await cp(join(original.folder, 'storage'), join(context.folder, 'storage'), { recursive: true })
    await run(context, [], { adopt: true })
    expect(context.output.notes.join('\n')).toContain(original.folder)
    expect(await readStorageId(join(context.folder, 'storage'))).not.toBe(
      await readStorageId(join(original.folder, 'storage')),
    )
  })
})

import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { type TestContext, testContext } from '../cli/command.fixture.ts'
import { UNUSED, UNUSED_WARNINGS } from '../config/load.fixture.ts'
import { CliError, type ErrorCode } from '../errors.ts'
import { driverIn } from '../runtime/runtime.fixture.ts'
import type { DoctorCheck } from '../runtime/runtime.ts'
import { run } from './doctor.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))

const passing = (title: string): DoctorCheck => ({ title, run: async () => `${title} is there` })
const failing = (title: string, error: Error): DoctorCheck => ({ title, run: () => Promise.reject(error) })
const missing = (title: string, code: ErrorCode, hint?: string): DoctorCheck =>
  failing(title, new CliError(code, `no ${title}`, hint === undefined ? {} : { hint }))

/** A machine on which every check passes, apart from these checks of the runtime. */
async function withChecks(...checks: readonly DoctorCheck[]): Promise<TestContext> {
  const context = await testContext()
  context.runtime.driverNow = driverIn('running')
  context.runtime.ownChecks = [...checks]
  return context
}

const text = ({ output }: TestContext) => output.results.map(stripVTControlCharacters).join('\n')

describe('doctor', () => {
  it('shows what each check found', async () => {
    const context = await withChecks(passing('Java'), passing('Python'))
    await run(context, [], {})
    for (const found of [`Node.js ${process.versions.node}`, '127.0.0.1:9093', 'Java is there'])
      expect(text(context)).toContain(found)
    expect(text(context)).not.toContain('✘')
  })

  it('names settings without effect', async () => {
    const context = await testContext({ settings: UNUSED })
    await run(context, [], {})
    expect(context.output.warnings).toEqual(UNUSED_WARNINGS)
  })

  it.each([
    ['DOWNLOAD_FAILED', 'PORT_TAKEN', 6],
    ['PORT_TAKEN', 'DOWNLOAD_FAILED', 5],
  ] as const)(
    "runs every check, and ends with the first failure's code: %s",
    async (first, second, exitCode) => {
      const context = await withChecks(missing('Java', first), passing('Python'), missing('network', second))
      await expect(run(context, [], {})).rejects.toMatchObject({
        code: first,
        exitCode,
        message: expect.stringMatching(/\b2\b.*\b12\b/),
      })
      expect(text(context)).toContain('Python is there')
      expect(text(context)).toContain('no network')
    },
  )

  it('shows the hint below a failed check', async () => {
    const context = await withChecks(missing('Java', 'TOOL_MISSING', 'Install one.\nOr set JAVA_HOME.'))
    await expect(run(context, [], {})).rejects.toThrow()
    expect(text(context)).toMatch(/✘ Java +no Java\n +→ Install one\.\n +→ Or set JAVA_HOME\.$/)
  })

  it('prints one object per check with --json', async () => {
    const context = await withChecks(passing('Java'), missing('Python', 'TOOL_MISSING', 'Install one.'))
    await expect(run(context, [], { json: true })).rejects.toThrow()
    expect(context.output.values.slice(-2)).toEqual([
      { title: 'Java', ok: true, found: 'Java is there' },
      { title: 'Python', ok: false, found: 'no Python', fix: 'Install one.' },
    ])
    expect(context.output.results).toEqual([])
  })

  it('reports an unexpected error in a check as CHECK_FAILED', async () => {
    const context = await withChecks(failing('Java', new Error('EACCES: permission denied')))
    await expect(run(context, [], { json: true })).rejects.toMatchObject({ code: 'CHECK_FAILED' })
    expect(context.output.values.at(-1)).toEqual({
      title: 'Java',
      ok: false,
      found: 'EACCES: permission denied',
    })
  })

  it('checks only Node.js and the settings when a setting is invalid', async () => {
    const context = await testContext({ settings: { NORMAL_STDDEV: 'abc' } })
    await expect(run(context, [], { json: true })).rejects.toMatchObject({ code: 'CONFIGURATION' })
    expect(context.output.values).toEqual([
      expect.objectContaining({ ok: true }),
      expect.objectContaining({ ok: false, found: expect.stringContaining('NORMAL_STDDEV=abc') }),
    ])
  })

  it.each(['OTHER_FOLDER', 'OTHER_PLACE', 'STORAGE', 'CONFIGURATION'] as const)(
    'fails where every other command refuses: %s',
    async (code) => {
      const context = await testContext()
      const refusing = {
        ...context,
        select: () => Promise.reject(new CliError(code, 'refused', { hint: 'Do this.' })),
      }
      await expect(run(refusing, [], { json: true })).rejects.toMatchObject({ code })
      expect(context.output.values.at(-1)).toEqual({
        title: 'stack',
        ok: false,
        found: 'refused',
        fix: 'Do this.',
      })
    },
  )

  it('does not hide a bug in the selection of the runtime', async () => {
    const context = await testContext()
    const broken = { ...context, select: () => Promise.reject(new TypeError('x is undefined')) }
    await expect(run(broken, [], {})).rejects.toThrow(TypeError)
  })

  it('ends on Ctrl-C without reporting a failed check', async () => {
    const interrupting: DoctorCheck = {
      title: 'Java',
      run: async () => {
        context.interrupt()
        throw new CliError('TOOL_MISSING', 'no Java')
      },
    }
    const context = await withChecks(interrupting, passing('Python'))
    await expect(run(context, [], {})).rejects.toThrow('interrupted by SIGINT')
    expect(text(context)).not.toContain('no Java')
  })
})

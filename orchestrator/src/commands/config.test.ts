import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { type TestContext, testContext } from '../cli/command.fixture.ts'
import { UNUSED, UNUSED_WARNINGS } from '../config/load.fixture.ts'
import { configWith } from '../config/load.ts'
import { SETTINGS } from '../config/settings.ts'
import { submittedFile, submittedQuery } from '../query/submitted.ts'
import { recordUp } from '../stack/record.ts'
import { run } from './config.ts'

const PLAN = { reason: '', shufflePartitions: 2, slots: 2 }
const SECRET = { KAFKA_USERNAME: 'me', KAFKA_PASSWORD: 'hunter2' }

describe('config', () => {
  it('prints every setting with its value and origin, and no secret', async () => {
    const context = await testContext({ settings: { ...SECRET, NORMAL_MEAN: '20' } })
    await run(context.withSettings(['GROUP_BY=key']), [], {})
    const lines = context.output.results.map(stripVTControlCharacters)
    expect(lines).toContainEqual(expect.stringMatching(/^NORMAL_MEAN +20 +environment$/))
    expect(lines).toContainEqual(expect.stringMatching(/^GROUP_BY +key +flag$/))
    expect(lines).toContainEqual(expect.stringMatching(/^NORMAL_STDDEV +2\.7 +default$/))
    expect(lines).toContainEqual(expect.stringMatching(/^KAFKA_PASSWORD +\*\*\* +environment$/))
    for (const key of Object.keys(SETTINGS))
      expect(lines.filter((line) => line.startsWith(`${key} `))).toHaveLength(1)
    expect(lines.join('\n')).not.toContain('hunter2')
  })

  it('prints one object per setting with --json, and no secret', async () => {
    const context = await testContext({ settings: SECRET })
    await run(context, [], { json: true })
    expect(context.output.values).toHaveLength(Object.keys(SETTINGS).length)
    expect(context.output.values).toContainEqual({
      key: 'KAFKA_PASSWORD',
      value: '***',
      origin: 'environment',
    })
    expect(context.output.values).toContainEqual({ key: 'GROUP_BY', value: 'none', origin: 'default' })
    expect(JSON.stringify(context.output.values)).not.toContain('hunter2')
    expect(context.output.results).toEqual([])
  })

  it.each([
    ['auto', UNUSED_WARNINGS.slice(1)],
    ['local', UNUSED_WARNINGS],
  ])('names settings without effect, as far as RUNTIME=%s decides', async (RUNTIME, expected) => {
    const context = await testContext({ settings: { ...UNUSED, RUNTIME } })
    await run(context, [], {})
    expect(context.output.warnings).toEqual(expected)
  })

  describe('beside a stack and a job with other values', () => {
    /** The command's context in a folder whose stack was started, and whose job was submitted, with other settings. */
    async function edited(): Promise<TestContext> {
      const context = await testContext({ settings: { ...SECRET, NORMAL_MEAN: '20' } })
      const started = context.withSettings([
        'KAFKA_PASSWORD=canary',
        'NORMAL_MEAN=38',
        'SPARK_CONF_spark.ui.retainedJobs=7',
      ])
      const { storage, config } = await context.start()
      const before = await started.config()
      const values = { KAFKA_PASSWORD: 'canary', NORMAL_MEAN: '38' }
      await recordUp(storage, configWith(config, values, '.env'), 'local')
      const query = submittedQuery(before, { ...PLAN, trigger: 'micro-batch', stateStore: 'memory' })
      await submittedFile(storage, 'local').write({ ...query, flags: [] })
      context.broker.isUp = false
      return context
    }

    it('says what is in force, one line per difference', async () => {
      const context = await edited()
      await run(context, [], {})
      expect(context.output.warnings).toEqual([
        expect.stringMatching(/^KAFKA_PASSWORD is not in force: .*cpu-anomaly up/),
        expect.stringMatching(/^NORMAL_MEAN=20 is not in force: .* 38; .*submit/),
      ])
      expect(context.output.results.join()).not.toContain('canary')
    })

    it('shows that with --json beside each setting', async () => {
      const context = await edited()
      await run(context, [], { json: true })
      expect(context.output.values).toEqual(
        expect.arrayContaining([
          { key: 'NORMAL_MEAN', value: '20', origin: 'environment', inForce: { value: '38', by: 'submit' } },
          {
            key: 'KAFKA_PASSWORD',
            value: '***',
            origin: 'environment',
            inForce: { value: '***', by: 'up' },
          },
          { key: 'GROUP_BY', value: 'none', origin: 'default' },
        ]),
      )
      expect(JSON.stringify(context.output.values)).not.toContain('canary')
      expect(context.output.warnings).toEqual([])
    })
  })

  it('shows values from outside escaped', async () => {
    const context = await testContext({ settings: { 'SPARK_CONF_spark.hadoop.note': 'a\u001b[2Jb' } })
    await run(context, [], {})
    expect(context.output.results.join('\n')).toContain('a\\x1b[2Jb')
  })

  it('fails when a setting is invalid', async () => {
    const context = await testContext({ settings: { NORMAL_STDDEV: 'abc' } })
    await expect(run(context, [], {})).rejects.toMatchObject({ code: 'CONFIGURATION' })
  })
})

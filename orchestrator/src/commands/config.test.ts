import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { testContext } from '../cli/command.fixture.ts'
import { SETTINGS } from '../config/settings.ts'
import { run } from './config.ts'

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

import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { packageRoot } from '../package/root.ts'
import { newFolder } from '../system/folder.fixture.ts'
import { envExample } from './env-example.ts'
import { parseEnvText } from './env-lines.ts'
import { loadConfig } from './load.ts'
import { settingEntries } from './settings.ts'

const EXAMPLE = join(packageRoot, '.env.example')

it('equals the file .env.example (after a change of the settings, write it with `envExample()`)', async () => {
  expect(await readFile(EXAMPLE, 'utf8')).toBe(envExample())
})

it('sets nothing when it is used as .env, so that a later version may have other defaults', async () => {
  const folder = await newFolder()
  const warnings: string[] = []
  const load = () =>
    loadConfig({
      folder,
      envFile: undefined,
      overrides: [],
      environment: {},
      warn: (line) => void warnings.push(line),
    })
  const { resolved: defaultsResolved, ...defaults } = await load()
  await copyFile(EXAMPLE, join(folder, '.env'))
  const { resolved, ...config } = await load()
  expect(config).toEqual(defaults)
  expect(resolved.map(({ key, value }) => [key, value])).toEqual(
    defaultsResolved.map(({ key, value }) => [key, value]),
  )
  expect(resolved.filter(({ origin }) => origin !== 'default')).toEqual([])
  expect(warnings).toEqual([])
})

it.each(settingEntries.map(([key, setting]) => [key, setting] as const))(
  'explains %s and shows its default',
  (key, setting) => {
    const lines = envExample().split('\n')
    const line = `# ${key}=${setting.fallback}`
    const at = lines.indexOf(line)
    expect(lines.filter((other) => other === line)).toHaveLength(1)
    expect(lines[at - 1]).toBe(`# ${setting.meaning}`)
    expect(setting.meaning).not.toMatch(/[\r\n]/)
  },
)

it('stays valid when every setting in a comment is activated', () => {
  const all = envExample().replace(/^# ([A-Z_]+(?:_spark\.\S+)?=)/gm, '$1')
  const { values, warnings } = parseEnvText(all, '.env')
  expect(Object.keys(values).filter((key) => !key.startsWith('SPARK_CONF_'))).toEqual(
    settingEntries.map(([key]) => key),
  )
  expect(values['SPARK_CONF_spark.ui.retainedJobs']).toBe('200')
  expect(warnings).toEqual([])
})

it('sets what it is given, each in its place, quoted where that is necessary', () => {
  const set = { NORMAL_MEAN: '20', KAFKA_PASSWORD: ' a#b', 'SPARK_CONF_spark.ui.retainedJobs': '7' }
  const text = envExample(set)
  expect(parseEnvText(text, '.env')).toEqual({ values: set, problems: [], warnings: [] })
  expect(text.split('\n')).toHaveLength(envExample().split('\n').length + 1)
  expect(text).not.toContain('# NORMAL_MEAN=')
})

it('refuses a value that no line can express, without showing it', () => {
  expect(() => envExample({ KAFKA_PASSWORD: `'"\`` })).toThrow(
    /^KAFKA_PASSWORD: .env cannot express this value/,
  )
})

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

it('yields the defaults, without a problem or a warning, when it is used as .env', async () => {
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
  expect(resolved.some(({ origin }) => origin === '.env')).toBe(true)
  expect(warnings).toEqual([])
})

it.each(settingEntries.map(([key, setting]) => [key, setting] as const))(
  'explains %s and shows its default',
  (key, setting) => {
    const lines = envExample().split('\n')
    const line = setting.fallback === '' ? `# ${key}=` : `${key}=${setting.fallback}`
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

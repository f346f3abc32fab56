import { chmod, lstat, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { newFolder } from '../system/folder.fixture.ts'
import { edited, requireEnvCounts, setInEnv } from './env-edit.ts'
import { envExample } from './env-example.ts'
import { parseEnvText } from './env-lines.ts'
import { load } from './load.fixture.ts'

const VALUES = { NORMAL_MEAN: '20.5', NORMAL_STDDEV: '3' }

describe('the edited text of .env', () => {
  it.each([
    ['NORMAL_MEAN=1\nNORMAL_STDDEV=2\n', 'NORMAL_MEAN=20.5\nNORMAL_STDDEV=3\n'],
    [
      '# mine\n  export NORMAL_MEAN = "1" # old\nA=b\n',
      '# mine\n  export NORMAL_MEAN=20.5 # old\nA=b\nNORMAL_STDDEV=3\n',
    ],
    ['NORMAL_MEAN=1\r\nA=b\r\n', 'NORMAL_MEAN=20.5\r\nA=b\r\nNORMAL_STDDEV=3\r\n'],
    ['NORMAL_MEAN=1\nNORMAL_MEAN=2', 'NORMAL_MEAN=1\nNORMAL_MEAN=20.5\nNORMAL_STDDEV=3\n'],
    ['# NORMAL_MEAN=14.5\n# x\n', '# NORMAL_MEAN=14.5\nNORMAL_MEAN=20.5\n# x\nNORMAL_STDDEV=3\n'],
    ['', 'NORMAL_MEAN=20.5\nNORMAL_STDDEV=3\n'],
    ['NORMAL_MEAN=\nKEY="a\nNORMAL_STDDEV=5\nb"\n', undefined],
  ])('of %j is %j', (text, expected) => {
    if (expected === undefined)
      expect(() => edited(text, VALUES, '.env')).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }))
    else expect(edited(text, VALUES, '.env')).toBe(expected)
  })

  it('of a file that init wrote has the values below their comments', () => {
    const text = edited(envExample(), VALUES, '.env')
    expect(parseEnvText(text, '').values).toEqual(VALUES)
    expect(text).toContain('# NORMAL_MEAN=14.5\nNORMAL_MEAN=20.5\n')
  })
})

describe('setInEnv', () => {
  it('keeps the mode and a link, and says what it changed', async () => {
    const folder = await newFolder()
    const file = join(folder, 'real.env')
    await writeFile(file, 'NORMAL_MEAN=1\n')
    await chmod(file, 0o640)
    await symlink(file, join(folder, '.env'))
    const { config } = await load({ env: 'NORMAL_MEAN=1\n' })
    expect(await setInEnv(folder, VALUES, config)).toEqual([
      { key: 'NORMAL_MEAN', from: '1', to: '20.5' },
      { key: 'NORMAL_STDDEV', from: '2.7', to: '3' },
    ])
    expect((await lstat(join(folder, '.env'))).isSymbolicLink()).toBe(true)
    expect((await stat(file)).mode & 0o777).toBe(0o640)
    expect(await readFile(file, 'utf8')).toBe('NORMAL_MEAN=20.5\nNORMAL_STDDEV=3\n')
  })

  it('makes a file for its owner only if there is none', async () => {
    const folder = await newFolder()
    await setInEnv(folder, VALUES, (await load({})).config)
    const file = join(folder, '.env')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(parseEnvText(await readFile(file, 'utf8'), '').values).toEqual(VALUES)
  })
})

describe('requireEnvCounts', () => {
  it.each([
    [{ set: ['NORMAL_MEAN=1'] }, /--set NORMAL_MEAN/],
    [{ environment: { NORMAL_MEAN: '1' } }, /environment variable NORMAL_MEAN/],
  ])('refuses a value that would not count: %j', async (given, message) => {
    const { config } = await load(given)
    expect(() => requireEnvCounts(config, ['NORMAL_MEAN'])).toThrow(message)
    expect(() => requireEnvCounts(config, ['NORMAL_STDDEV'])).not.toThrow()
  })
})

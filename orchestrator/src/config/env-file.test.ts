import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { newFolder } from '../system/folder.fixture.ts'
import { type AcceptedInput, expectAccepted, load, refusal } from './load.fixture.ts'
import { loadConfig } from './load.ts'

describe('a .env file', () => {
  it.each<AcceptedInput>([
    ['a byte-order mark', { env: '\ufeffNORMAL_MEAN=15\n' }, { detector: { normalMean: 15 } }],
    [
      'CRLF line ends',
      { env: 'NORMAL_MEAN=15\r\nGROUP_BY=key\r\n' },
      { detector: { normalMean: 15, groupBy: 'key' } },
    ],
    [
      'CR line ends',
      { env: 'NORMAL_MEAN=15\rGROUP_BY=key\r' },
      { detector: { normalMean: 15, groupBy: 'key' } },
    ],
    [
      'quotes, export and a comment',
      { env: 'export NORMAL_MEAN="15" # percent\n' },
      { detector: { normalMean: 15 } },
    ],
  ])('may have %s', expectAccepted)

  it.each(['\n', '\r\n', '\r'])(
    'may set a key twice, with a warning that names both lines (line end %j)',
    async (end) => {
      const { config, warnings } = await load({
        env: ['NORMAL_MEAN=15', '# so it was', '', 'NORMAL_MEAN=16', ''].join(end),
      })
      expect(config.detector.normalMean).toBe(16)
      expect(warnings).toEqual([
        expect.stringMatching(/NORMAL_MEAN is set on line 1 and again on line 4; the last one counts$/),
      ])
    },
  )

  it('can have another name, and must exist if one is given', async () => {
    const folder = await newFolder()
    await writeFile(join(folder, '.env'), 'NORMAL_MEAN=1\n')
    await writeFile(join(folder, 'other.env'), 'NORMAL_MEAN=2\n')
    const from = (envFile: string) =>
      loadConfig({ folder, envFile, overrides: [], environment: {}, warn: () => undefined })
    expect((await from('other.env')).detector.normalMean).toBe(2)
    expect((await refusal(from('none.env'))).message).toMatch(/none\.env: cannot be read: ENOENT/)
  })
})

describe('a .env that is not a settings file', () => {
  it.each<[string, string | Uint8Array, RegExp]>([
    ['a NUL byte', 'NORMAL_MEAN=1\0', /\.env: contains a NUL byte at offset 13/],
    ['invalid UTF-8', Uint8Array.of(0x41, 0x3d, 0xff, 0xfe), /\.env: is not valid UTF-8/],
    ['UTF-16', Buffer.from('\ufeffNORMAL_MEAN=1', 'utf16le'), /\.env: contains a NUL byte/],
    ['10 MB', Buffer.alloc(10_000_000, 'A'), /\.env: is 10000000 bytes long/],
  ])('is refused: %s', async (_, env, expected) => {
    const error = await refusal(load({ env }))
    expect(error.message).toMatch(expected)
    expect(error).toMatchObject({ code: 'CONFIGURATION', exitCode: 2, hint: expect.stringMatching(/\S/) })
  })

  it('is refused: a folder', async () => {
    const folder = await newFolder()
    await mkdir(join(folder, '.env'))
    expect((await refusal(load({}, folder))).message).toMatch(/\.env: is not a file/)
  })

  it.skipIf(process.getuid?.() === 0)(
    'is refused: unreadable (skipped for root, who can read any file)',
    async () => {
      const folder = await newFolder()
      await writeFile(join(folder, '.env'), '')
      await chmod(join(folder, '.env'), 0)
      expect((await refusal(load({}, folder))).message).toMatch(/\.env: cannot be read: EACCES/)
    },
  )
})

import { execFile } from 'node:child_process'
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { newFolder } from '../system/folder.fixture.ts'
import { readEnvFile } from './env-file.ts'
import { envLine, parseEnvText } from './env-lines.ts'
import { type AcceptedInput, expectAccepted, load, problemsOf, refusal } from './load.fixture.ts'
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
    await writeFile(join(folder, 'bad.env'), 'NORMAL_MEAN=x\n')
    expect((await refusal(from('bad.env'))).message).toMatch(
      /NORMAL_MEAN is set in the file of --settings\)$/,
    )
    expect((await refusal(from('none.env'))).message).toMatch(/none\.env: cannot be read: ENOENT/)
  })
})

describe('a .env that other users can read', () => {
  it.each([
    [0o600, 'KAFKA_PASSWORD=p\n', []],
    [0o644, 'KAFKA_PASSWORD=\nNORMAL_MEAN=15\n', []],
    [0o644, 'KAFKA_PASSWORD=p\n', [/^other users can read KAFKA_PASSWORD in .*run `chmod 600 .*\/\.env`$/]],
    [0o640, 'KAFKA_PASSWORD=p\n', [/KAFKA_PASSWORD/]],
  ])('is warned about if it holds a secret: mode %o, %j', async (mode, text, expected) => {
    const path = join(await newFolder(), '.env')
    await writeFile(path, text)
    await chmod(path, mode)
    const { warnings } = await readEnvFile(path, true)
    expect(warnings).toEqual(expected.map((pattern) => expect.stringMatching(pattern)))
  })
})

describe('a line of .env that does not say what it seems to say', () => {
  it.each([
    ['KAFKA_USERNAME=a#b', 'a'],
    ['KAFKA_USERNAME=#b', ''],
    ['KAFKA_USERNAME=a"#b', 'a"'],
    ['SPARK_CONF_spark.b=a#b', 'a'],
    ['KAFKA_USERNAME="a\\"b"', 'a\\"b'],
  ])('is warned about, without its value: %s', (line, value) => {
    const { values, warnings, problems } = parseEnvText(`\n${line}\n`, '.env')
    expect(Object.values(values)).toEqual([value])
    expect(warnings).toEqual([
      expect.stringMatching(/^\.env, line 2: (?:KAFKA_USERNAME|SPARK_CONF_spark\.b) /),
    ])
    expect(problems).toEqual([])
  })

  it.each([
    ['KAFKA_PASSWORD="hush', 'close it on the same line'],
    ["KAFKA_PASSWORD='hush\n'", 'close it on the same line'],
    ['KAFKA_PASSWORD="hu"sh', 'behind its closing "'],
    ["KAFKA_PASSWORD='hu'sh'", "behind its closing '"],
    ['NORMAL_MEAN 15', 'does not set NORMAL_MEAN; write NORMAL_MEAN=value'],
    ['set NORMAL_MEAN=15', 'does not set NORMAL_MEAN'],
    ['NORMAL_MEAN', 'does not set NORMAL_MEAN'],
  ])('is refused, without its value: %j', async (line, expected) => {
    const problems = await problemsOf({ env: `${line}\nKAFKA_USERNAME=me\n`, set: ['KAFKA_PASSWORD=hush'] })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(/\.env, line 1: /)
    expect(problems[0]).toContain(expected)
    expect(problems[0]?.replace(/^.*\.env/, '')).not.toMatch(/hu|15'/) // the folder's name is random
  })

  it.each([
    '# NORMAL_MEAN 15',
    'NORMAL_MEAN=15 # of a#b',
    `KAFKA_USERNAME='a#b'`,
    'KAFKA_USERNAME=a"b',
    'NORMAL_MEAN= # none',
    'EXAMPLE="a',
    'an example',
  ])('is not meant: %s', (line) => {
    expect(parseEnvText(line, '.env')).toMatchObject({ problems: [], warnings: [] })
  })
})

describe('envLine', () => {
  it.each(['15', '', 'a b', ' a ', 'a#b', `a'b`, 'a"b', `a'"b`, 'a\\nb', '$a', 'ü'])('keeps %j', (value) => {
    expect(parseEnvText(envLine('KAFKA_USERNAME', value) ?? '', '').values).toEqual({ KAFKA_USERNAME: value })
  })

  it.each(['a\nb', '\'"`'])('knows that a line cannot express %j', (value) => {
    expect(envLine('KAFKA_USERNAME', value)).toBeUndefined()
  })
})

describe('a pipe', () => {
  const newPipe = async () => {
    const pipe = join(await newFolder(), 'pipe')
    await promisify(execFile)('mkfifo', [pipe])
    return pipe
  }

  it('is read like a file, also if its writer comes late and pauses', async () => {
    const pipe = await newPipe()
    const reading = readEnvFile(pipe, true)
    const script = '{ printf "NORMAL_MEAN=15\\n"; sleep 0.1; printf "GROUP_BY=key\\n"; } > "$1"'
    await promisify(execFile)('sh', ['-c', script, 'sh', pipe])
    expect((await reading).values).toEqual({ NORMAL_MEAN: '15', GROUP_BY: 'key' })
  })

  it('is refused if nothing is written into it: it may have no writer, or Node 20 has read it', async () => {
    const error = await refusal(readEnvFile(await newPipe(), false, { writerMs: 50 }))
    expect(error).toMatchObject({ code: 'CONFIGURATION', hint: expect.stringContaining('--settings') })
    expect(error.message).toMatch(/pipe: is a pipe into which nothing is written/)
  })

  it('is not awaited any longer after Ctrl-C', async () => {
    const interrupted = new AbortController()
    const reading = readEnvFile(await newPipe(), false, { signal: interrupted.signal, writerMs: 60_000 })
    interrupted.abort(new Error('interrupted'))
    await expect(reading).rejects.toThrow('interrupted')
  })
})

describe('a .env that is not a settings file', () => {
  it.each<[string, string | Uint8Array, RegExp]>([
    ['a NUL byte', 'NORMAL_MEAN=1\0', /\.env: contains a NUL byte at offset 13/],
    ['invalid UTF-8', Uint8Array.of(0x41, 0x3d, 0xff, 0xfe), /\.env: is not valid UTF-8/],
    ['UTF-16', Buffer.from('\ufeffNORMAL_MEAN=1', 'utf16le'), /\.env: contains a NUL byte/],
    ['10 MB', Buffer.alloc(10_000_000, 'A'), /\.env: is longer than 1 MB/],
  ])('is refused: %s', async (_, env, expected) => {
    const error = await refusal(load({ env }))
    expect(error.message).toMatch(expected)
    expect(error).toMatchObject({ code: 'CONFIGURATION', exitCode: 2, hint: expect.stringMatching(/\S/) })
  })

  it('is refused: a folder', async () => {
    const folder = await newFolder()
    await mkdir(join(folder, '.env'))
    expect((await refusal(load({}, folder))).message).toMatch(/\.env: is a folder/)
  })

  it.each(['/nowhere/prod.env', 'gone/prod.env'])('is refused: a link to nothing, %s', async (target) => {
    const folder = await newFolder()
    await symlink(target, join(folder, '.env'))
    const error = await refusal(load({}, folder))
    expect(error.message).toBe(`${join(folder, '.env')}: is a link to ${target}, which does not exist`)
    expect(error).toMatchObject({ code: 'CONFIGURATION', hint: expect.stringContaining('remove the link') })
  })

  it('is refused: a link to itself', async () => {
    const folder = await newFolder()
    await symlink('.env', join(folder, '.env'))
    expect((await refusal(load({}, folder))).message).toMatch(/\.env: cannot be read: ELOOP/)
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

import { chmod, lstat, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isThere, type TestContext, testContext } from '../cli/command.fixture.ts'
import { envExample } from '../config/env-example.ts'
import { parseEnvText } from '../config/env-lines.ts'
import { packageRoot } from '../package/root.ts'
import { type RunOptions, run as runProgram } from '../system/run.ts'
import { run } from './init.ts'

const git = (args: readonly string[], options: RunOptions) => runProgram(['git', args], options)

let context: TestContext
let file: string

beforeEach(async () => {
  context = await testContext()
  file = join(context.folder, '.env')
  vi.spyOn(process, 'cwd').mockReturnValue(context.folder)
})
afterEach(() => vi.restoreAllMocks())

describe('init', () => {
  it.each([{}, { force: true }])(
    'writes every setting to a file that only its owner can read: %j',
    async (flags) => {
      await run(context, [], flags)
      expect(await readFile(file, 'utf8')).toBe(envExample())
      expect((await stat(file)).mode & 0o777).toBe(0o600)
      expect(context.output.results).toEqual([expect.stringContaining(file)])
      expect(await isThere(`${file}.bak`)).toBe(false)
    },
  )

  it('leaves an existing file alone', async () => {
    await writeFile(file, 'NORMAL_MEAN=20\n')
    await expect(run(context, [], {})).rejects.toMatchObject({
      code: 'FILE_EXISTS',
      exitCode: 2,
      hint: expect.stringContaining('--force'),
    })
    expect(await readFile(file, 'utf8')).toBe('NORMAL_MEAN=20\n')
  })

  it('replaces an existing file with --force, and keeps the old one', async () => {
    await writeFile(file, 'NORMAL_MEAN=20\n', { mode: 0o644 })
    await run(context, [], { force: true })
    for (const path of [file, `${file}.bak`]) expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readFile(file, 'utf8')).toBe(envExample())
    expect(await readFile(`${file}.bak`, 'utf8')).toBe('NORMAL_MEAN=20\n')
    expect(context.output.notes).toContainEqual(expect.stringContaining(`${file}.bak`))
  })

  it('replaces a link with --force, and leaves its target alone', async () => {
    const shared = join(context.folder, 'shared.env')
    await writeFile(shared, 'NORMAL_MEAN=20\n')
    await symlink('shared.env', file)
    await run(context, [], { force: true })
    expect(await readFile(shared, 'utf8')).toBe('NORMAL_MEAN=20\n')
    expect((await lstat(file)).isFile()).toBe(true)
    expect(context.output.notes).toContain(`${file} was a link to shared.env, which was not changed`)
  })

  it.each(['.env', '.env.bak'])('writes no file that this repository commits: %s', async (name) => {
    await git(['check-ignore', '--quiet', name], { cwd: packageRoot })
  })

  it.skipIf(process.getuid?.() === 0)(
    'does not replace a file that it cannot back up (skipped for root)',
    async () => {
      await writeFile(file, 'NORMAL_MEAN=20\n')
      await chmod(context.folder, 0o500)
      await expect(run(context, [], { force: true })).rejects.toMatchObject({ code: 'STORAGE' })
      expect(await readFile(file, 'utf8')).toBe('NORMAL_MEAN=20\n')
    },
  )

  it('sets what --set says, and only that', async () => {
    await run(context, [], { set: ['NORMAL_MEAN=20', 'KAFKA_USERNAME=me', 'KAFKA_PASSWORD=a#b'] })
    const { values } = parseEnvText(await readFile(file, 'utf8'), file)
    expect(values).toEqual({ NORMAL_MEAN: '20', KAFKA_USERNAME: 'me', KAFKA_PASSWORD: 'a#b' })
  })

  it.each([
    ['NORMAL_MEAN=x'],
    ['NORMAL_MEEN=1'],
    ['NORMAL_MEAN'],
    ['OUTPUT_TOPIC=cpu-usage'],
    ['KAFKA_USERNAME=me'],
    ['SPARK_CONF_spark.master=local'],
    ['STORAGE_DIR=.'],
  ])('writes nothing if --set is refused: %s', async (set) => {
    await expect(run(context, [], { set: [set] })).rejects.toMatchObject({
      code: 'CONFIGURATION',
      exitCode: 2,
    })
    expect(await isThere(file)).toBe(false)
  })

  it('keeps every old file, also when it runs again', async () => {
    await writeFile(file, 'NORMAL_MEAN=20\n')
    for (const _ of [1, 2]) await run(context, [], { force: true })
    expect(await readFile(`${file}.bak`, 'utf8')).toBe('NORMAL_MEAN=20\n')
    expect(await readFile(`${file}.bak.2`, 'utf8')).toBe(envExample())
  })

  it('names the file that it cannot write', async () => {
    await mkdir(file)
    await expect(run(context, [], { force: true })).rejects.toMatchObject({
      code: 'STORAGE',
      message: expect.stringContaining(file),
    })
  })

  it('works even if the settings are invalid', async () => {
    context = await testContext({ settings: { NORMAL_STDDEV: 'abc' } })
    await run(context, [], {})
    expect(await isThere(file)).toBe(true)
  })
})

import { execFile } from 'node:child_process'
import { chown, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { rememberStorage } from '../storage/known-storages.ts'
import { prepareStorage } from '../storage/storage-folder.ts'
import { newFolder } from '../system/folder.fixture.ts'
import { envExample } from './env-example.ts'
import { findProjectFolder, hasOurSettings } from './project-folder.ts'

/** A folder two levels below a new one. */
async function nested(): Promise<{ top: string; below: string }> {
  const top = await newFolder()
  const below = join(top, 'data', '2026')
  await mkdir(below, { recursive: true })
  return { top, below }
}

describe('findProjectFolder', () => {
  it('finds the nearest folder above that has settings of this tool', async () => {
    const { top, below } = await nested()
    expect(await findProjectFolder(below)).toBe(below)
    await writeFile(join(top, '.env'), 'KAFKA_PORT=19093\n')
    expect(await findProjectFolder(below)).toBe(top)
    await writeFile(join(top, 'data', '.env'), 'NORMAL_MEAN=20\n')
    expect(await findProjectFolder(below)).toBe(join(top, 'data'))
  })

  it('finds the folder above in which a stack was started', async () => {
    const { top, below } = await nested()
    await prepareStorage(join(top, 'storage'), top)
    expect(await findProjectFolder(below)).toBe(top)
  })

  it.each([
    ['that its .env names', 'STORAGE_DIR=data/kept\nTZ=UTC\n'],
    ['that it remembers while its stack is up', 'TZ=UTC\n'],
  ])('finds the folder above that has a stack in the storage %s', async (_, env) => {
    const { top, below } = await nested()
    await writeFile(join(top, '.env'), env)
    expect(await findProjectFolder(below)).toBe(below)
    const kept = join(top, 'data', 'kept')
    await prepareStorage(kept, top)
    if (!env.includes('kept')) await rememberStorage(top, kept)
    expect(await findProjectFolder(below)).toBe(top)
  })

  it('finds the folder above whose .env cannot be read, so that it is not ignored', async () => {
    const { top, below } = await nested()
    await symlink('/nowhere/prod.env', join(top, '.env'))
    expect(await findProjectFolder(below)).toBe(top)
  })

  it('does not wait for a pipe', async () => {
    const { top, below } = await nested()
    await promisify(execFile)('mkfifo', [join(below, '.env'), join(top, '.env')])
    expect(await findProjectFolder(below)).toBe(below)
  })

  it('finds the folder above in which `init` wrote a .env that sets nothing', async () => {
    const { top, below } = await nested()
    await writeFile(join(top, '.env'), envExample())
    expect(await findProjectFolder(below)).toBe(top)
  })

  it("passes another tool's .env", async () => {
    const { top, below } = await nested()
    await writeFile(join(top, 'data', '.env'), 'POSTGRES_PASSWORD=x\nKAFKA_PORT=9092\n')
    await writeFile(join(top, '.env'), 'POSTGRES_PASSWORD=x\nWINDOW_DURATION=1 second\n')
    expect(await findProjectFolder(below)).toBe(top)
  })

  it('does not use the home folder for what is below it', async () => {
    const { top, below } = await nested()
    await writeFile(join(top, '.env'), 'NORMAL_MEAN=20\n')
    vi.stubEnv('HOME', top)
    expect(await findProjectFolder(below)).toBe(below)
    expect(await findProjectFolder(top)).toBe(top)
    vi.unstubAllEnvs()
  })

  it.each(['a slash at its end', 'a link'])('knows the home folder also if HOME has %s', async (how) => {
    const { top, below } = await nested()
    await writeFile(join(top, '.env'), 'NORMAL_MEAN=20\n')
    const link = join(await newFolder(), 'home')
    await symlink(top, link)
    vi.stubEnv('HOME', how === 'a link' ? link : `${top}/`)
    expect(await findProjectFolder(below)).toBe(below)
    vi.unstubAllEnvs()
  })

  it('does not use a folder above that belongs to another user, but the working folder as ever', async () => {
    const { top, below } = await nested()
    await writeFile(join(top, '.env'), 'NORMAL_MEAN=20\n')
    const other = vi.spyOn(process, 'getuid').mockReturnValue(2 ** 20)
    const warnings: string[] = []
    const warn = (line: string) => void warnings.push(line)
    expect(await findProjectFolder(below, warn)).toBe(below)
    expect(warnings).toEqual([
      expect.stringContaining(`${top} was not used: ${join(top, '.env')} belongs to`),
    ])
    expect(await findProjectFolder(top, warn)).toBe(top)
    expect(warnings).toHaveLength(1)
    other.mockRestore()
  })

  it.skipIf(process.getuid?.() !== 0).each(['.env', 'storage/.cpu-anomaly-storage', '.cpu-anomaly.json'])(
    "does not use a folder of one's own in which another user has put %s (needs root)",
    async (file) => {
      const { top, below } = await nested()
      await mkdir(join(top, 'storage'))
      await writeFile(
        join(top, file),
        file === '.env' ? 'SPARK_CONF_spark.driver.extraJavaOptions=-Dx=1\n' : '',
      )
      expect(await findProjectFolder(below)).toBe(top)
      await chown(join(top, file), 65_534, 65_534)
      expect(await findProjectFolder(below)).toBe(below)
    },
  )
})

it.each([
  [[], false],
  [['TZ'], false],
  [['KAFKA_PORT'], true],
  [['KAFKA_PORT', 'KAFKA_USERNAME', 'RUNTIME'], true],
  [['KAFKA_PORT', 'TZ'], false],
  [['SPARK_IMAGE', 'TZ'], false],
  [['KAFKA_PORT', 'SPARK_UI_PORT', 'COMPOSE_PROJECT_NAME'], false],
  [['RUNTIME', 'KAFKA_PORT', 'SPARK_UI_PORT', 'STORAGE_DIR', 'COMPOSE_PROJECT_NAME'], true],
  [['NORMAL_MEAN', 'TZ'], true],
  [['SPARK_CONF_spark.ui.retainedJobs', 'TZ'], true],
])('a .env with the keys %j has settings of this tool: %s', (keys, ours) => {
  expect(hasOurSettings(keys)).toBe(ours)
})

import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isThere, type TestContext, testContext } from '../cli/command.fixture.ts'
import { loadConfig } from '../config/load.ts'
import { demoSettings, removeEarlierDemo, removeStorage, writeSettingsFile } from './own-stack.ts'

describe('demoSettings', () => {
  it('keep the tour in a folder and on ports of its own, whatever the project sets', async () => {
    const context = await testContext({
      settings: { KAFKA_PORT: '9093', GROUP_BY: 'key', STORAGE_DIR: 'data' },
    })
    const config = await context.withSettings(await demoSettings('docker')).config()
    const { kafka, sparkUi, sparkMasterUi } = config.ports
    expect(new Set([9093, kafka, sparkUi, sparkMasterUi]).size).toBe(4)
    expect(config).toMatchObject({
      runtime: 'docker',
      storageDir: join(context.folder, 'storage-demo'),
      detector: { groupBy: 'none' },
      query: { startingOffsets: 'earliest' },
    })
  })
})

/** A folder where a tour was started. */
async function withTour(): Promise<TestContext> {
  const context = await testContext()
  await context.start()
  return context
}

const storageOf = ({ folder }: TestContext) => join(folder, 'storage')

describe('removeEarlierDemo', () => {
  it('does nothing where no tour was started', async () => {
    const context = await testContext()
    await removeEarlierDemo(context)
    expect(context.journal).toEqual([])
    expect(context.output.notes).toEqual([])
  })

  it('takes an earlier tour down with its data, and removes its folder', async () => {
    const context = await withTour()
    await removeEarlierDemo(context)
    expect(context.journal).toEqual(['stop', 'remove volumes'])
    expect(await isThere(storageOf(context))).toBe(false)
    expect(context.output.notes).toHaveLength(1)
  })

  it('leaves a folder alone that does not carry our mark', async () => {
    const context = await withTour()
    await writeFile(join(storageOf(context), '.cpu-anomaly-storage'), '{}')
    // The settings would refuse this folder; its context has read them before.
    const selected = await context.select()
    await removeEarlierDemo({ ...context, selectStarted: async () => selected })
    expect(context.journal).toEqual([])
    expect(await isThere(storageOf(context))).toBe(true)
  })
})

describe('removeStorage', () => {
  it('removes only a folder that carries our mark', async () => {
    const context = await testContext()
    const selected = await context.select()
    await mkdir(storageOf(context))
    await removeStorage(selected)
    expect(await isThere(storageOf(context))).toBe(true)
    await context.start()
    await removeStorage(selected)
    expect(await isThere(storageOf(context))).toBe(false)
  })
})

describe('writeSettingsFile', () => {
  it('lets other commands find the tour, with the project settings that it leaves', async () => {
    const context = await withTour()
    const env = ['# mine', 'NORMAL_MEAN=20', 'KAFKA_PASSWORD=hunter2', 'KAFKA_USERNAME=me', ''].join('\r\n')
    await writeFile(join(context.folder, '.env'), env)
    const overrides = ['STORAGE_DIR=storage', 'NORMAL_MEAN=14.5', 'KAFKA_PORT=19093']
    const file = await writeSettingsFile(await context.select(), overrides)
    const found = await loadConfig({
      folder: '/',
      envFile: file,
      overrides: [],
      environment: {},
      warn: () => undefined,
    })
    expect(found).toMatchObject({
      storageDir: storageOf(context),
      detector: { normalMean: 14.5 },
      ports: { kafka: 19_093 },
      kafka: { sasl: { username: 'me', password: 'hunter2' } },
    })
    expect(await readFile(file, 'utf8')).toContain('# mine')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  it('needs no .env', async () => {
    const context = await withTour()
    const file = await writeSettingsFile(await context.select(), ['STORAGE_DIR=storage'])
    expect(await readFile(file, 'utf8')).toBe(`STORAGE_DIR=${storageOf(context)}\n`)
  })
})

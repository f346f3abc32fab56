import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isThere, lockedSteps, type TestContext, testContext } from '../cli/command.fixture.ts'
import { loadConfig } from '../config/load.ts'
import { demoSettings, removeEarlierDemo, removeStorage, writeSettingsFile } from './own-stack.ts'

describe('demoSettings', () => {
  it('give the demo its own storage folder and ports, whatever the project sets', async () => {
    const ports = { KAFKA_PORT: '19093', SPARK_UI_PORT: '14040', SPARK_MASTER_UI_PORT: '18080' }
    const json = {
      INPUT_FORMAT: 'json',
      INPUT_CPU: 'c',
      INPUT_TIME: 't',
      INPUT_TIME_UNIT: 's',
      INPUT_SERIES: 'h',
    }
    const settings = { ...ports, ...json, INPUT_CPU_UNIT: 'fraction', GROUP_BY: 'key', STORAGE_DIR: 'data' }
    const context = await testContext({ settings })
    const config = await context.withSettings(await demoSettings('docker')).config()
    const { kafka, sparkUi, sparkMasterUi } = config.ports
    expect(new Set([19_093, 14_040, 18_080, kafka, sparkUi, sparkMasterUi]).size).toBe(6)
    expect(config).toMatchObject({
      runtime: 'docker',
      storageDir: join(context.folder, 'storage-demo'),
      detector: { groupBy: 'none' },
      input: { format: 'csv' },
      query: { startingOffsets: 'earliest' },
    })
  })
})

/** A folder in which a demo was started. */
async function withDemo(): Promise<TestContext> {
  const context = await testContext()
  await context.start()
  return context
}

const storageOf = ({ folder }: TestContext) => join(folder, 'storage')

describe('removeEarlierDemo', () => {
  it('does nothing if no demo was started', async () => {
    const context = await testContext()
    await removeEarlierDemo(context)
    expect(context.journal).toEqual([])
    expect(context.output.notes).toEqual([])
  })

  it("takes down an earlier demo with its data, and removes its folder, under that folder's lock", async () => {
    const context = await withDemo()
    const locked = lockedSteps(context)
    await removeEarlierDemo(context)
    expect(locked).toEqual(['stop', 'remove volumes'])
    expect(context.journal).toEqual(locked)
    expect(await isThere(storageOf(context))).toBe(false)
    expect(context.output.notes).toHaveLength(1)
  })

  it('leaves a folder without our mark alone', async () => {
    const context = await withDemo()
    await writeFile(join(storageOf(context), '.cpu-anomaly-storage'), '{}')
    const selected = await context.select()
    const removing = removeEarlierDemo({ ...context, selectStarted: async () => selected })
    await expect(removing).rejects.toMatchObject({ code: 'STORAGE' })
    expect(context.journal).toEqual([])
    expect(await isThere(storageOf(context))).toBe(true)
  })
})

describe('removeStorage', () => {
  it('removes only a folder with our mark', async () => {
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
  it('lets other commands find the demo, with the project settings that it does not override', async () => {
    const context = await withDemo()
    const settings = ['NORMAL_MEAN=20', 'KAFKA_PASSWORD=hunter2 #', 'KAFKA_USERNAME=me']
    const overrides = ['STORAGE_DIR=storage', 'NORMAL_MEAN=14.5', 'KAFKA_PORT=19093']
    const file = await writeSettingsFile(await context.withSettings(settings).select(), overrides)
    const config = await loadConfig({
      folder: '/',
      envFile: file,
      overrides: [],
      environment: {},
      warn: () => undefined,
    })
    expect(config).toMatchObject({
      storageDir: storageOf(context),
      detector: { normalMean: 14.5 },
      ports: { kafka: 19_093 },
      kafka: { sasl: { username: 'me', password: 'hunter2 #' } },
    })
    expect(await readFile(file, 'utf8')).not.toContain('NORMAL_MEAN=20')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  it('needs no other settings', async () => {
    const context = await withDemo()
    const file = await writeSettingsFile(await context.select(), ['STORAGE_DIR=storage'])
    expect(await readFile(file, 'utf8')).toBe(`STORAGE_DIR=${storageOf(context)}\n`)
  })
})

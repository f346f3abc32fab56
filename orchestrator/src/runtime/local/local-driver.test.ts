import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { load } from '../../config/load.fixture.ts'
import { storagePaths } from '../../storage/paths.ts'
import { processWith } from '../../system/command-line.fixture.ts'
import { newFolder } from '../../system/folder.fixture.ts'
import { isAlive } from '../../system/process-identity.ts'
import { LocalDriver } from './local-driver.ts'

async function newDriver() {
  const { config } = await load({}, await newFolder())
  const storage = storagePaths(config.storageDir)
  await mkdir(storage.run, { recursive: true })
  return { driver: new LocalDriver({ config, storage, env: {} }), storage }
}

const never = new AbortController().signal

describe('a job that was not recorded, because `submit` was killed or its record was removed', () => {
  it('is found and stopped while its supervisor lives', async () => {
    const { driver, storage } = await newDriver()
    expect(await driver.status()).toBeUndefined()
    const state = join(storage.run, 'driver.json')
    const supervisor = await processWith('supervise.py', '--state', state, '--stop-file', 'stop')
    expect(await driver.status()).toMatchObject({ state: 'starting', supervisorPid: supervisor.pid })
    expect(await driver.stop(10_000, never)).toBe('stopped')
    expect(await isAlive(supervisor)).toBe(false)
    expect(await driver.stop(10_000, never)).toBe('not-running')
  })

  it('is found and stopped while only its driver lives', async () => {
    const { driver, storage } = await newDriver()
    const job = join(storage.rendered, 'job.py')
    const process = await processWith('org.apache.spark.deploy.SparkSubmit', '--name', 'x', job)
    expect(await driver.status()).toMatchObject({ state: 'orphaned' })
    expect(await driver.stop(10_000, never)).toBe('killed')
    expect(await isAlive(process)).toBe(false)
  })

  it('is not taken for a job of another folder, nor for an editor of its file', async () => {
    const { driver, storage } = await newDriver()
    const other = await newDriver()
    const job = join(storage.rendered, 'job.py')
    const others = await Promise.all([
      processWith('supervise.py', '--state', join(other.storage.run, 'driver.json'), '--stop-file', 'stop'),
      processWith('vi', job),
    ])
    expect(await driver.status()).toBeUndefined()
    expect(await driver.stop(10_000, never)).toBe('not-running')
    expect(await Promise.all(others.map(isAlive))).toEqual([true, true])
  })
})

describe('the state of a job', () => {
  it.each([
    ['{"supervisor":{}}', 'supervisor.json', 'supervisor.pid'],
    ['{"state":"sleeping"}', 'driver.json', 'state'],
  ])('%s is refused with the key that is wrong', async (text, name, key) => {
    const { driver, storage } = await newDriver()
    await writeFile(join(storage.run, name), text)
    const refusal = {
      code: 'STORAGE',
      message: `${join(storage.run, name)} is damaged: it has no valid "${key}"`,
    }
    await expect(driver.status()).rejects.toMatchObject(refusal)
    await expect(driver.stop(1_000, never)).rejects.toMatchObject(refusal)
  })
})

import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { load } from '../../config/load.fixture.ts'
import { type StoragePaths, storagePaths } from '../../storage/paths.ts'
import { processWith } from '../../system/command-line.fixture.ts'
import { newFolder } from '../../system/folder.fixture.ts'
import { identify, isAlive } from '../../system/process-identity.ts'
import { stateFile } from '../../system/state-file.ts'
import { javaCommand, requireNoData } from './broker.ts'
import { LocalBroker } from './local-broker.ts'

async function placeWith(
  record: Record<string, unknown>,
): Promise<{ place: LocalBroker; storage: StoragePaths }> {
  const folder = await newFolder()
  const { config } = await load({}, folder)
  const storage = storagePaths(config.storageDir)
  await stateFile(join(storage.run, 'kafka.json'), z.looseObject({})).write(record)
  return { place: new LocalBroker({ config, storage, env: {} }), storage }
}

describe('a broker that was not recorded, because `up` was killed or its record was removed', () => {
  it('is found and stopped', async () => {
    const { config } = await load({}, await newFolder())
    const storage = storagePaths(config.storageDir)
    const place = new LocalBroker({ config, storage, env: {} })
    expect(await place.clusterId()).toBeUndefined()
    const broker = await processWith('kafka.Kafka', join(storage.run, 'kafka.properties'))
    expect(await place.clusterId()).toBe('')
    expect(await place.parts()).toMatchObject([{ part: 'kafka', state: 'unhealthy', pid: broker.pid }])
    expect(await place.stop()).toEqual([{ part: 'kafka', gone: [`pid ${broker.pid}`] }])
    expect(await isAlive(broker)).toBe(false)
  })
})

describe('the storage of a local broker', () => {
  it.each([
    ['missing', undefined],
    ['empty', ''],
  ])('is not formatted anew beside data, although meta.properties is %s', async (_, text) => {
    const folder = await newFolder()
    await mkdir(join(folder, 'cpu-usage-0'))
    const meta = join(folder, 'meta.properties')
    if (text !== undefined) await writeFile(meta, text)
    await expect(requireNoData(folder, meta)).rejects.toMatchObject({
      code: 'STORAGE',
      message: expect.stringContaining(meta),
      hint: expect.stringMatching(/Restore.*down --volumes/),
    })
  })

  it('is formatted again after a format that was interrupted', async () => {
    const folder = await newFolder()
    await writeFile(join(folder, 'bootstrap.checkpoint'), '')
    await requireNoData(folder, join(folder, 'meta.properties'))
  })
})

describe('the record of a local broker', () => {
  it('of a process that is gone is removed at once, whoever has its port by now', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const gone = { pid: 2 ** 30, startToken: '1' }
    const { place } = await placeWith({ process: gone, port, controllerPort: port })
    expect(await place.stop()).toEqual([])
    expect(server.listening).toBe(true)
    expect(await place.clusterId()).toBeUndefined()
  })

  it('of a living process has the id of the cluster that its storage was formatted with', async () => {
    const record = { process: await identify(process.pid), port: 9093, controllerPort: 9094 }
    const { place, storage } = await placeWith(record)
    expect(await place.clusterId()).toBe('') // not formatted yet
    await mkdir(storage.kafka, { recursive: true })
    await writeFile(join(storage.kafka, 'meta.properties'), '#\nversion=1\ncluster.id=abc-_1\nnode.id=1\n')
    expect(await place.clusterId()).toBe('abc-_1')
  })
})

it.each([
  [{ TMPDIR: '/t' }, ['-Djava.io.tmpdir=/t']],
  [{}, []],
])('gives the broker the temporary folder of the shell, which Java does not read: %j', (env, options) => {
  const [, args] = javaCommand('java', ['a.jar'], env, 'Main', [])
  expect(args.filter((arg) => arg.includes('tmpdir'))).toEqual(options)
})

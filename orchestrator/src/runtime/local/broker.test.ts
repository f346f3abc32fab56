import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { load } from '../../config/load.fixture.ts'
import { type StoragePaths, storagePaths } from '../../storage/paths.ts'
import { newFolder } from '../../system/folder.fixture.ts'
import { identify } from '../../system/process-identity.ts'
import { stateFile } from '../../system/state-file.ts'
import { javaCommand } from './broker.ts'
import { LocalRuntime } from './local-runtime.ts'

async function runtimeWith(record: object): Promise<{ runtime: LocalRuntime; storage: StoragePaths }> {
  const folder = await newFolder()
  const { config } = await load({}, folder)
  const storage = storagePaths(config.storageDir)
  await stateFile(join(storage.run, 'kafka.json')).write(record)
  return { runtime: new LocalRuntime({ config, storage, env: {} }), storage }
}

describe('the record of a local broker', () => {
  it('of a process that is gone is removed at once, whoever has its port by now', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const gone = { pid: 2 ** 30, startToken: '1' }
    const { runtime } = await runtimeWith({ process: gone, port, controllerPort: port })
    expect(await runtime.stop()).toEqual([])
    expect(server.listening).toBe(true)
    expect(await runtime.runningClusterId()).toBeUndefined()
  })

  it('of a living process has the id of the cluster that its storage was formatted with', async () => {
    const record = { process: await identify(process.pid), port: 9093, controllerPort: 9094 }
    const { runtime, storage } = await runtimeWith(record)
    expect(await runtime.runningClusterId()).toBe('') // not formatted yet
    await mkdir(storage.kafka, { recursive: true })
    await writeFile(join(storage.kafka, 'meta.properties'), '#\nversion=1\ncluster.id=abc-_1\nnode.id=1\n')
    expect(await runtime.runningClusterId()).toBe('abc-_1')
  })
})

it.each([
  [{ TMPDIR: '/t' }, ['-Djava.io.tmpdir=/t']],
  [{}, []],
])('gives the broker the temporary folder of the shell, which Java does not read: %j', (env, options) => {
  const [, args] = javaCommand('java', ['a.jar'], env, 'Main', [])
  expect(args.filter((arg) => arg.includes('tmpdir'))).toEqual(options)
})

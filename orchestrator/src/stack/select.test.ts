import { chmod, cp, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { z } from 'zod'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import type { KafkaAccess } from '../kafka/access.ts'
import type { RuntimeContext } from '../runtime/runtime.ts'
import { rememberStorage } from '../storage/known-storages.ts'
import { readStorageId } from '../storage/mark.ts'
import { newFolder } from '../system/folder.fixture.ts'
import { identify } from '../system/process-identity.ts'
import { stateFile } from '../system/state-file.ts'
import { confirmMoved } from './moved.ts'
import { recordUp, stackFile } from './record.ts'
import { claimRuntime, differencesInForce, releaseRuntime, selectRuntime, startedRuntime } from './select.ts'

const made = vi.hoisted((): RuntimeContext[] => [])
vi.mock('../runtime/local/local-spark.ts', async (original) => {
  const { LocalSpark } = await original<typeof import('../runtime/local/local-spark.ts')>()
  return {
    LocalSpark: class extends LocalSpark {
      constructor(context: RuntimeContext, kafka: KafkaAccess) {
        super(context, kafka)
        made.push(context)
      }
    },
  }
})

let folder: string
const configWith = (settings: Readonly<Record<string, string>> = {}): Promise<Config> =>
  loadConfig({ folder, envFile: undefined, overrides: [], environment: settings, warn: expect.fail })

/** Nothing is said unless a test expects it. */
const say = { note: expect.fail, warn: expect.fail }

/** A machine without Docker: nothing listens at DOCKER_HOST, and there is no docker command. */
beforeEach(async () => {
  folder = await newFolder()
  vi.stubEnv('DOCKER_HOST', `unix://${folder}/docker.sock`)
  vi.stubEnv('PATH', join(folder, 'bin'))
  await mkdir(join(folder, 'bin'))
})
afterEach(() => vi.unstubAllEnvs())

/** An engine that answers each request with this, at the socket that DOCKER_HOST names; it has no volumes. */
async function runEngine(answer: object = {}, socket = 'docker.sock'): Promise<void> {
  const text = JSON.stringify({ Version: '28.0.1', Volumes: [], ...answer })
  const server = createServer((_, response) => response.end(text))
  await new Promise<void>((resolve) => server.listen(join(folder, socket), resolve))
  onTestFinished(() => void server.close())
}

const useSocket = (socket: string) => vi.stubEnv('DOCKER_HOST', `unix://${folder}/${socket}`)

async function installCompose(): Promise<void> {
  const docker = join(folder, 'bin', 'docker')
  await writeFile(docker, '#!/bin/sh\necho 2.40.3\n')
  await chmod(docker, 0o700)
}

/** Records that this folder's stack was started on the runtime. */
async function claim(name: 'local' | 'docker') {
  const selected = await selectRuntime(await configWith({ RUNTIME: name }), say)
  await claimRuntime(selected, say)
  const engine = await selected.runtime.engine?.().catch(() => undefined)
  await recordUp(selected.storage, selected.config, name, engine)
  return selected
}

describe('selectRuntime', () => {
  it.each(['local', 'docker'] as const)('selects the runtime that RUNTIME names: %s', async (name) => {
    const { runtime, why } = await selectRuntime(await configWith({ RUNTIME: name }), say)
    expect(runtime.name).toBe(name)
    expect(why).toContain(name)
  })

  it('selects docker if an engine and compose answer', async () => {
    await Promise.all([runEngine(), installCompose()])
    const { runtime, why } = await selectRuntime(await configWith({ RUNTIME: 'auto' }), say)
    expect(runtime.name).toBe('docker')
    expect(why).toMatch(/28\.0\.1.*2\.40\.3/)
  })

  it.each([
    ['engine', installCompose],
    ['compose', runEngine],
  ])('selects the local runtime without %s', async (_, prepare) => {
    await prepare()
    const { runtime, why } = await selectRuntime(await configWith(), say)
    expect(runtime.name).toBe('local')
    expect(why).toMatch(/docker/i)
  })

  it.each(['auto', 'local'])(
    'keeps the runtime that the stack is up on, whatever RUNTIME is (%s)',
    async (wanted) => {
      await claim('docker')
      const warnings: string[] = []
      const warn = (line: string) => void warnings.push(line)
      const { runtime } = await selectRuntime(await configWith({ RUNTIME: wanted }), { ...say, warn })
      expect(runtime.name).toBe('docker')
      expect(warnings).toHaveLength(wanted === 'auto' ? 0 : 1)
    },
  )

  it('selects again once the stack is down', async () => {
    await releaseRuntime(await claim('docker'))
    const { runtime } = await selectRuntime(await configWith({ RUNTIME: 'local' }), say)
    expect(runtime.name).toBe('local')
  })

  it('creates nothing', async () => {
    const { storage } = await selectRuntime(await configWith({ RUNTIME: 'local' }), say)
    expect(await readStorageId(storage.root)).toBeUndefined()
  })

  it('gives the runtime the variables of the shell, from which it chooses for each child', async () => {
    vi.stubEnv('JAVA_HOME', '/opt/java')
    await selectRuntime(await configWith({ RUNTIME: 'local' }), say)
    expect(made.at(-1)?.env).toMatchObject({ JAVA_HOME: '/opt/java' })
  })
})

describe('claimRuntime', () => {
  it('creates the storage folder and marks it as ours', async () => {
    const { storage } = await claim('local')
    expect(await readStorageId(storage.root)).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('refuses a stack that is up on another runtime than RUNTIME, and names both', async () => {
    await claim('docker')
    const selected = await selectRuntime(await configWith({ RUNTIME: 'local' }), { ...say, applies: 'job' })
    await expect(claimRuntime(selected, say)).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringMatching(/RUNTIME=local.*docker/),
    })
  })

  it('can be repeated', async () => {
    const { storage } = await claim('local')
    const id = await readStorageId(storage.root)
    await claim('local')
    expect(await readStorageId(storage.root)).toBe(id)
  })
})

describe('startedRuntime', () => {
  it('is undefined in a folder in which nothing was started', async () => {
    expect(await startedRuntime(await configWith(), say)).toBeUndefined()
  })

  it.each([
    ['while it is up', false],
    ['after it went down', true],
  ])('is the one that was started last, %s', async (_, isDown) => {
    const selected = await claim('docker')
    if (isDown) await releaseRuntime(selected)
    const options = { ...say, applies: 'job' } as const
    expect((await startedRuntime(await configWith({ RUNTIME: 'local' }), options))?.runtime.name).toBe(
      'docker',
    )
  })
})

describe('whose stack it is', () => {
  it('refuses a copy of a folder, before anything is read or stopped', async () => {
    await claim('local')
    const original = folder
    folder = join(await newFolder(), 'copy')
    await cp(original, folder, { recursive: true })
    for (const selecting of [selectRuntime(await configWith(), say), startedRuntime(await configWith(), say)])
      await expect(selecting).rejects.toMatchObject({
        code: 'OTHER_FOLDER',
        message: expect.stringMatching(new RegExp(`${folder}.*${original}`)),
      })
  })

  it.skipIf(process.platform !== 'linux')(
    'leaves a stack alone that was started elsewhere (Linux)',
    async () => {
      const { storage } = await claim('local')
      const record = await stackFile(storage).read()
      for (const [there, where] of [
        [{ pidNamespace: 'pid:[1]' }, 'PID namespace'],
        [{ netNamespace: 'net:[1]' }, 'network namespace'],
        [{ host: 'rhea', boot: 'another' }, 'host rhea'],
      ] as const) {
        if (record?.place) await stackFile(storage).write({ ...record, place: { ...record.place, ...there } })
        await expect(startedRuntime(await configWith(), say)).rejects.toMatchObject({
          code: 'OTHER_PLACE',
          exitCode: 5,
          message: expect.stringContaining(where),
        })
      }
      expect((await stackFile(storage).read())?.up).toBe(true)
    },
  )

  it.skipIf(process.platform !== 'linux')(
    'sees containers from any namespace of their machine (Linux)',
    async () => {
      const { storage } = await claim('docker')
      const record = await stackFile(storage).read()
      if (record?.place)
        await stackFile(storage).write({ ...record, place: { ...record.place, pidNamespace: 'pid:[1]' } })
      expect((await selectRuntime(await configWith(), say)).runtime.name).toBe('docker')
    },
  )

  it.each([
    ['storage', 'data'],
    ['data', 'storage'],
  ])('finds the stack that is up in %s after STORAGE_DIR was changed to %s', async (before, now) => {
    await writeFile(join(folder, '.env'), `RUNTIME=local\nSTORAGE_DIR=${before}\n`)
    const selected = await selectRuntime(await configWith(), say)
    await claimRuntime(selected, say)
    await rememberStorage(folder, selected.storage.root)
    await recordUp(selected.storage, selected.config, 'local')
    await writeFile(join(folder, '.env'), `RUNTIME=local\nSTORAGE_DIR=${now}\n`)
    await expect(startedRuntime(await configWith(), say)).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringMatching(new RegExp(`up in ${join(folder, before)}.*${join(folder, now)}`)),
    })
    expect(await startedRuntime(await configWith({ STORAGE_DIR: before }), say)).toBeDefined()
    const meant = await loadConfig({
      folder,
      envFile: undefined,
      overrides: [`STORAGE_DIR=${now}`],
      environment: {},
      warn: expect.fail,
    })
    expect(await startedRuntime(meant, say)).toBeUndefined()
    await releaseRuntime(selected)
    expect(await startedRuntime(await configWith(), say)).toBeUndefined()
  })

  it('finds the stack that is up although the environment names a storage in which nothing was started', async () => {
    await claim('local')
    const elsewhere = await configWith({ STORAGE_DIR: 'other', RUNTIME: 'local' })
    for (const selecting of [() => startedRuntime(elsewhere, say), () => selectRuntime(elsewhere, say)])
      await expect(selecting()).rejects.toMatchObject({
        code: 'CONFIGURATION',
        message: expect.stringMatching(
          new RegExp(`up in ${join(folder, 'storage')}.*${join(folder, 'other')}`),
        ),
      })
    expect(await differencesInForce(elsewhere)).toMatchObject([
      { key: 'STORAGE_DIR', value: join(folder, 'storage') },
    ])
    expect(await selectRuntime(elsewhere, { ...say, applies: 'stack' })).toBeDefined() // a second stack
  })

  describe('on another Docker engine', () => {
    it.each([
      ['while it is up', false],
      ['after it went down, but has volumes there', true],
    ])('is left alone %s', async (_, isDown) => {
      await runEngine({ ID: 'one' })
      await runEngine({ ID: 'two' }, 'two.sock')
      const selected = await claim('docker')
      if (isDown) await releaseRuntime(selected)
      useSocket('two.sock')
      await expect(startedRuntime(await configWith({ RUNTIME: 'docker' }), say)).rejects.toMatchObject({
        code: 'OTHER_PLACE',
        exitCode: 5,
        message: expect.stringMatching(/docker\.sock \(id one\).*two\.sock \(id two\)/),
        hint: expect.stringContaining(`DOCKER_HOST=unix://${folder}/docker.sock`),
      })
      await releaseRuntime(selected, true)
      expect(await startedRuntime(await configWith({ RUNTIME: 'docker' }), say)).toBeDefined()
    })

    it('is not suspected if the same engine has another address, or does not answer', async () => {
      await runEngine({ ID: 'one' })
      await claim('docker')
      await runEngine({ ID: 'one' }, 'link.sock')
      for (const socket of ['link.sock', 'none.sock']) {
        useSocket(socket)
        expect((await selectRuntime(await configWith(), say)).runtime.name).toBe('docker')
      }
    })

    it('is told by its address on Podman, whose id changes with every answer', async () => {
      const podman = { Components: [{ Name: 'Podman Engine' }] }
      await runEngine({ ...podman, ID: '1' })
      await runEngine({ ...podman, ID: '1' }, 'two.sock')
      const { storage } = await claim('docker')
      expect((await stackFile(storage).read())?.engine).toEqual({ url: `unix://${folder}/docker.sock` })
      expect((await selectRuntime(await configWith(), say)).runtime.name).toBe('docker')
      useSocket('two.sock')
      await expect(selectRuntime(await configWith(), say)).rejects.toMatchObject({ code: 'OTHER_PLACE' })
    })
  })

  it('takes a folder that was moved to another disk for its own only if the user says so, and nothing of it runs', async () => {
    const { storage } = await claim('local')
    await expect(confirmMoved(await configWith())).rejects.toMatchObject({ code: 'USAGE' })
    const record = stateFile(join(storage.run, 'kafka.json'), z.looseObject({}))
    await record.write({ process: await identify(process.pid), port: 9093, controllerPort: 9094 })
    await writeFile(join(storage.kafka, 'meta.properties'), 'cluster.id=one\n')
    const former = folder
    folder = join(await newFolder(), 'here')
    await cp(former, folder, { recursive: true })
    await rm(former, { recursive: true })
    const config = await configWith()
    await expect(confirmMoved(config)).rejects.toMatchObject({
      code: 'OTHER_FOLDER',
      message: expect.stringContaining(former),
      hint: expect.not.stringContaining('down'),
    })
    await rm(join(folder, 'storage', 'run', 'kafka.json'))
    const id = await readStorageId(join(folder, 'storage'))
    await expect(selectRuntime(config, say)).rejects.toMatchObject({ code: 'OTHER_FOLDER' })
    await confirmMoved(config)
    expect((await selectRuntime(config, say)).runtime.name).toBe('local')
    expect(await readStorageId(join(folder, 'storage'))).toBe(id)
  })

  it('refuses to start what was moved while it ran, until it is down', async () => {
    const { storage } = await claim('local')
    await stateFile(join(storage.run, 'kafka.json'), z.looseObject({})).write({
      process: await identify(process.pid),
      port: 9093,
      controllerPort: 9094,
    })
    const former = folder
    folder = `${former}-moved`
    await rename(former, folder)
    onTestFinished(() => rename(folder, former)) // the fixture removes it there
    const moved = await selectRuntime(await configWith(), say)
    await expect(claimRuntime(moved, say)).rejects.toMatchObject({
      code: 'OTHER_FOLDER',
      message: expect.stringContaining(former),
      hint: expect.stringContaining('cpu-anomaly down'),
    })
    await stateFile(join(storage.run.replace(former, folder), 'kafka.json'), z.looseObject({})).remove()
    const notes: string[] = []
    await claimRuntime(moved, { note: (line) => notes.push(line) })
    expect(notes).toEqual([expect.stringContaining(former)])
  })
})

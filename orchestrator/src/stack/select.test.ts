import { chmod, cp, mkdir, rename, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { z } from 'zod'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import type { RuntimeContext } from '../runtime/runtime.ts'
import { rememberStorage } from '../storage/known-storages.ts'
import { readStorageId } from '../storage/mark.ts'
import { newFolder } from '../system/folder.fixture.ts'
import { identify } from '../system/process-identity.ts'
import { stateFile } from '../system/state-file.ts'
import { recordUp, stackFile } from './record.ts'
import { claimRuntime, releaseRuntime, selectRuntime, startedRuntime } from './select.ts'

const made = vi.hoisted((): RuntimeContext[] => [])
vi.mock('../runtime/local/local-runtime.ts', async (original) => {
  const { LocalRuntime } = await original<typeof import('../runtime/local/local-runtime.ts')>()
  return {
    LocalRuntime: class extends LocalRuntime {
      constructor(context: RuntimeContext) {
        super(context)
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

async function runEngine(): Promise<void> {
  const server = createServer((_, response) => response.end(JSON.stringify({ Version: '28.0.1' })))
  await new Promise<void>((resolve) => server.listen(join(folder, 'docker.sock'), resolve))
  onTestFinished(() => void server.close())
}

async function installCompose(): Promise<void> {
  const docker = join(folder, 'bin', 'docker')
  await writeFile(docker, '#!/bin/sh\necho 2.40.3\n')
  await chmod(docker, 0o700)
}

/** Records that this folder's stack was started on the runtime. */
async function claim(name: 'local' | 'docker') {
  const selected = await selectRuntime(await configWith({ RUNTIME: name }), say)
  await claimRuntime(selected, say)
  await recordUp(selected.storage, selected.config, name)
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
      const { runtime } = await selectRuntime(await configWith({ RUNTIME: wanted }), say)
      expect(runtime.name).toBe('docker')
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
    const selected = await selectRuntime(await configWith({ RUNTIME: 'local' }), say)
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
    expect((await startedRuntime(await configWith({ RUNTIME: 'local' }), say))?.runtime.name).toBe('docker')
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
    await releaseRuntime(selected)
    expect(await startedRuntime(await configWith(), say)).toBeUndefined()
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

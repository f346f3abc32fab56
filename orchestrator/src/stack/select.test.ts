import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import type { RuntimeContext } from '../runtime/runtime.ts'
import { readStorageId } from '../storage/storage-folder.ts'
import { newFolder } from '../system/folder.fixture.ts'
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
  const selected = await selectRuntime(await configWith({ RUNTIME: name }))
  await claimRuntime(selected)
  return selected
}

describe('selectRuntime', () => {
  it.each(['local', 'docker'] as const)('selects the runtime that RUNTIME names: %s', async (name) => {
    const { runtime, why } = await selectRuntime(await configWith({ RUNTIME: name }))
    expect(runtime.name).toBe(name)
    expect(why).toContain(name)
  })

  it('selects docker if an engine and compose answer', async () => {
    await Promise.all([runEngine(), installCompose()])
    const { runtime, why } = await selectRuntime(await configWith({ RUNTIME: 'auto' }))
    expect(runtime.name).toBe('docker')
    expect(why).toMatch(/28\.0\.1.*2\.40\.3/)
  })

  it.each([
    ['engine', installCompose],
    ['compose', runEngine],
  ])('selects the local runtime without %s', async (_, prepare) => {
    await prepare()
    const { runtime, why } = await selectRuntime(await configWith())
    expect(runtime.name).toBe('local')
    expect(why).toMatch(/docker/i)
  })

  it.each(['auto', 'local'])(
    'keeps the runtime that the stack is up on, whatever RUNTIME is (%s)',
    async (wanted) => {
      await claim('docker')
      const { runtime } = await selectRuntime(await configWith({ RUNTIME: wanted }))
      expect(runtime.name).toBe('docker')
    },
  )

  it('selects again once the stack is down', async () => {
    await releaseRuntime(await claim('docker'))
    const { runtime } = await selectRuntime(await configWith({ RUNTIME: 'local' }))
    expect(runtime.name).toBe('local')
  })

  it('creates nothing', async () => {
    const { storage } = await selectRuntime(await configWith({ RUNTIME: 'local' }))
    expect(await readStorageId(storage.root)).toBeUndefined()
  })

  it('gives the runtime the variables of the shell, from which it chooses for each child', async () => {
    vi.stubEnv('JAVA_HOME', '/opt/java')
    await selectRuntime(await configWith({ RUNTIME: 'local' }))
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
    const selected = await selectRuntime(await configWith({ RUNTIME: 'local' }))
    await expect(claimRuntime(selected)).rejects.toMatchObject({
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
    expect(await startedRuntime(await configWith())).toBeUndefined()
  })

  it.each([
    ['while it is up', false],
    ['after it went down', true],
  ])('is the one that was started last, %s', async (_, isDown) => {
    const selected = await claim('docker')
    if (isDown) await releaseRuntime(selected)
    expect((await startedRuntime(await configWith({ RUNTIME: 'local' })))?.runtime.name).toBe('docker')
  })
})

import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { newFolder } from '../../../system/folder.fixture.ts'
import { currentContext, endpointAddress, endpointCandidates, type Surroundings } from './endpoint.ts'

const linux: Surroundings = { env: {}, home: '/home/me', platform: 'linux', uid: 1000 }
const urls = (surroundings: Surroundings, context?: { name: string; host: string }) =>
  endpointCandidates(surroundings, context).map(({ url }) => url)

describe('endpointCandidates', () => {
  it.each<[string, Surroundings, readonly string[]]>([
    [
      'DOCKER_HOST alone, if it is set',
      { ...linux, env: { DOCKER_HOST: 'tcp://127.0.0.1:2375' } },
      ['tcp://127.0.0.1:2375'],
    ],
    [
      'the pipe on Windows',
      { ...linux, platform: 'win32', uid: undefined },
      ['npipe:////./pipe/docker_engine'],
    ],
    [
      'the usual sockets on Linux, the standard one first',
      linux,
      [
        'unix:///var/run/docker.sock',
        'unix:///run/user/1000/docker.sock',
        'unix:///home/me/.docker/run/docker.sock',
        'unix:///run/user/1000/podman/podman.sock',
        'unix:///run/podman/podman.sock',
      ],
    ],
    [
      "the user's runtime folder, if the system names another",
      { ...linux, env: { XDG_RUNTIME_DIR: '/run/me' } },
      [
        'unix:///var/run/docker.sock',
        'unix:///run/me/docker.sock',
        'unix:///home/me/.docker/run/docker.sock',
        'unix:///run/me/podman/podman.sock',
        'unix:///run/podman/podman.sock',
      ],
    ],
  ])('are %s', (_, surroundings, expected) => {
    expect(urls(surroundings)).toEqual(expected)
  })

  it('are the chosen context alone, unless DOCKER_HOST is set', () => {
    const context = { name: 'desktop', host: 'unix:///desktop.sock' }
    expect(endpointCandidates(linux, context)).toEqual([
      { url: 'unix:///desktop.sock', origin: 'the Docker context desktop' },
    ])
    expect(urls({ ...linux, env: { DOCKER_HOST: 'unix:///x' } }, context)).toEqual(['unix:///x'])
  })
})

describe('currentContext', () => {
  async function homeWith(config: string | undefined, contexts: Readonly<Record<string, string>> = {}) {
    const home = await newFolder()
    await mkdir(join(home, '.docker'))
    if (config !== undefined) await writeFile(join(home, '.docker', 'config.json'), config)
    for (const [name, host] of Object.entries(contexts)) {
      const dir = join(home, '.docker', 'contexts', 'meta', createHash('sha256').update(name).digest('hex'))
      await mkdir(dir, { recursive: true })
      await writeFile(
        join(dir, 'meta.json'),
        JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }),
      )
    }
    return { ...linux, home }
  }

  it.each([
    ['no file', undefined],
    ['no context', '{}'],
    ['the default context', '{"currentContext":"default"}'],
    ['a file that is not JSON', '{"currentContext":'],
    ['a context that is not a name', '{"currentContext":7}'],
  ])('is the default one for %s', async (_, config) => {
    expect(await currentContext(await homeWith(config))).toBeUndefined()
  })

  it('is the one in the file, unless DOCKER_CONTEXT names another', async () => {
    const contexts = { desktop: 'unix:///desktop.sock', other: 'unix:///other.sock' }
    const surroundings = await homeWith('{"currentContext":"desktop"}', contexts)
    expect(await currentContext(surroundings)).toEqual({ name: 'desktop', host: 'unix:///desktop.sock' })
    const chosen = { ...surroundings, env: { DOCKER_CONTEXT: 'other' } }
    expect(await currentContext(chosen)).toEqual({ name: 'other', host: 'unix:///other.sock' })
    expect(await currentContext({ ...surroundings, env: { DOCKER_CONTEXT: 'default' } })).toBeUndefined()
    const elsewhere = { ...linux, env: { DOCKER_CONFIG: join(surroundings.home, '.docker') } }
    expect(await currentContext(elsewhere)).toMatchObject({ name: 'desktop' })
  })

  it('is refused if it does not exist', async () => {
    await expect(currentContext(await homeWith('{"currentContext":"gone"}'))).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: 'the Docker context gone does not exist',
      hint: expect.stringContaining('docker context ls'),
    })
  })
})

describe('endpointAddress', () => {
  it.each([
    ['unix:///var/run/docker.sock', { socketPath: '/var/run/docker.sock' }],
    ['npipe:////./pipe/docker_engine', { socketPath: '\\\\.\\pipe\\docker_engine' }],
    ['tcp://127.0.0.1:2376', { host: '127.0.0.1', port: 2376 }],
    ['tcp://localhost', { host: 'localhost', port: 2375 }],
    ['http://[::1]:2375', { host: '[::1]', port: 2375 }],
  ])('of %s', (url, expected) => {
    expect(endpointAddress({ url, origin: 'DOCKER_HOST' })).toEqual(expected)
  })

  it.each([
    ['tcp://10.0.0.5:2375', '10.0.0.5:2375'],
    ['tcp://localhost.example:2375', 'localhost.example:2375'],
    ['ssh://me@build', 'build'],
    ['nonsense', 'nonsense'],
    ['', ''],
  ])('refuses %j, an engine on another machine', (url, named) => {
    expect(() => endpointAddress({ url, origin: 'DOCKER_HOST' })).toThrow(
      expect.objectContaining({
        code: 'CONFIGURATION',
        message: `DOCKER_HOST names an engine on another machine: ${named}`,
        hint: expect.stringContaining('RUNTIME=local'),
      }),
    )
  })
})

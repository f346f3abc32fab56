import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { jarSetName } from '../package/jars.ts'
import { newFolder } from '../system/folder.fixture.ts'
import { thisPlace } from '../system/place.ts'
import { cacheDir, fillOnce, isComplete, jarsDir } from './cache.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

const newDir = async (): Promise<string> => join(await newFolder(), 'jars', 'connector')

const options = () => ({ onWait: vi.fn(), signal: new AbortController().signal })
const writing = (text: string) => (dir: string) => writeFile(join(dir, 'a.jar'), text)

describe.skipIf(process.platform !== 'linux')('cacheDir (Linux)', () => {
  it('follows XDG_CACHE_HOME', () => {
    vi.stubEnv('XDG_CACHE_HOME', '/somewhere/else')
    expect(cacheDir()).toBe('/somewhere/else/cpu-anomaly')
    expect(jarsDir('broker')).toBe(`/somewhere/else/cpu-anomaly/jars/${jarSetName('broker')}`)
  })

  it('is in the home folder otherwise', () => {
    vi.stubEnv('XDG_CACHE_HOME', undefined)
    expect(cacheDir()).toBe(join(homedir(), '.cache', 'cpu-anomaly'))
  })

  it.each([
    [
      'a relative XDG_CACHE_HOME',
      { XDG_CACHE_HOME: 'cache' },
      /^XDG_CACHE_HOME=cache: is not an absolute path/,
    ],
    ['a colon', { XDG_CACHE_HOME: '/a:b' }, /^XDG_CACHE_HOME=\/a:b: has a colon/],
    ['a comma', { XDG_CACHE_HOME: '/a,b' }, /^XDG_CACHE_HOME=\/a,b: has a comma/],
    ['a relative HOME', { XDG_CACHE_HOME: '', HOME: 'me' }, /^HOME=me: is not an absolute path/],
    ['an empty HOME', { XDG_CACHE_HOME: '', HOME: '' }, /^HOME is empty/],
  ])('is refused with %s', (_, variables, message) => {
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
    expect(cacheDir).toThrow(
      expect.objectContaining({
        code: 'CONFIGURATION',
        message: expect.stringMatching(message),
        hint: expect.stringContaining('absolute path'),
      }),
    )
  })
})

describe('fillOnce', () => {
  it('fills a folder only once', async () => {
    const dir = await newDir()
    expect(await isComplete(dir)).toBe(false)
    await fillOnce(dir, writing('one'), options())
    await fillOnce(dir, writing('two'), options())
    expect(await isComplete(dir)).toBe(true)
    expect(await readFile(join(dir, 'a.jar'), 'utf8')).toBe('one')
    expect(await readdir(join(dir, '..'))).toEqual(['connector'])
  })

  it('fills a folder again that does not work any more', async () => {
    const dir = await newDir()
    const works = async (target: string) => (await readFile(join(target, 'a.jar'), 'utf8')) !== 'broken'
    await fillOnce(dir, writing('one'), { ...options(), works })
    await fillOnce(dir, writing('two'), { ...options(), works })
    expect(await readFile(join(dir, 'a.jar'), 'utf8')).toBe('one')
    await writeFile(join(dir, 'a.jar'), 'broken')
    await fillOnce(dir, writing('three'), { ...options(), works })
    expect(await readFile(join(dir, 'a.jar'), 'utf8')).toBe('three')
  })

  it('ignores what a failed run left, and starts from an empty folder', async () => {
    const dir = await newDir()
    const broken = async (target: string) => {
      await writeFile(join(target, 'half.jar'), 'ha')
      throw new Error('connection reset')
    }
    await expect(fillOnce(dir, broken, options())).rejects.toThrow('connection reset')
    expect(await isComplete(dir)).toBe(false)
    await fillOnce(dir, writing('whole'), options())
    expect((await readdir(dir)).sort()).toEqual(['.complete', 'a.jar'])
  })

  it('ignores what a killed run left: its files and its lock', async () => {
    const dir = await newDir()
    const killed = { process: { pid: 2 ** 30, startToken: '1' }, place: await thisPlace() }
    await mkdir(dir, { recursive: true })
    await writeFile(join(dir, 'half.jar'), 'ha')
    await mkdir(`${dir}.lock`)
    await writeFile(join(`${dir}.lock`, '1-0.json'), JSON.stringify(killed))
    await fillOnce(dir, writing('whole'), options())
    expect((await readdir(dir)).sort()).toEqual(['.complete', 'a.jar'])
    expect(await isComplete(dir)).toBe(true)
  })

  it('leaves the folder incomplete when it is interrupted, even if the fill itself succeeded', async () => {
    const dir = await newDir()
    const controller = new AbortController()
    const interrupted = async (target: string) => {
      await writing('whole')(target)
      controller.abort(new Error('interrupted by SIGINT'))
    }
    const filling = fillOnce(dir, interrupted, { onWait: vi.fn(), signal: controller.signal })
    await expect(filling).rejects.toThrow('interrupted by SIGINT')
    expect(await isComplete(dir)).toBe(false)
    expect(await readdir(join(dir, '..'))).toEqual(['connector'])
  })

  it('lets one of two runs fill while the other waits and reports it', async () => {
    const dir = await newDir()
    const fills: string[] = []
    const second = { ...options(), fill: async () => void fills.push('second') }
    let waiting: Promise<void> | undefined
    const first = async () => {
      const waits = new Promise<void>((resolve) => second.onWait.mockImplementation(() => resolve()))
      waiting = fillOnce(dir, second.fill, second)
      await waits
      fills.push('first')
    }
    await fillOnce(dir, first, options())
    await waiting
    expect(fills).toEqual(['first'])
    const lock = `${dir}.lock`
    expect(second.onWait).toHaveBeenCalledWith(
      expect.stringMatching(new RegExp(`pid ${process.pid}.*${lock}`)),
    )
  })

  it('stops waiting for another run when it is interrupted', async () => {
    const dir = await newDir()
    await fillOnce(
      dir,
      async () => {
        const controller = new AbortController()
        const onWait = () => controller.abort(new Error('interrupted by SIGINT'))
        const waiting = fillOnce(dir, writing('x'), { onWait, signal: controller.signal })
        await expect(waiting).rejects.toThrow('interrupted by SIGINT')
      },
      options(),
    )
    expect(await isComplete(dir)).toBe(true)
  })

  it('names the folder that it could not write to, and what to do', async () => {
    const dir = await newDir()
    await writeFile(join(dir, '..', '..', 'file'), '')
    await expect(
      fillOnce(join(dir, '..', '..', 'file', 'jars'), writing('x'), options()),
    ).rejects.toMatchObject({
      code: 'STORAGE',
      message: expect.stringMatching(/cannot write to the cache at .*file\/jars: ENOTDIR/),
      hint: expect.stringContaining('XDG_CACHE_HOME'),
    })
    const full = async () => {
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    }
    await expect(fillOnce(dir, full, options())).rejects.toMatchObject({ code: 'STORAGE', exitCode: 6 })
    expect(await isComplete(dir)).toBe(false)
  })
})

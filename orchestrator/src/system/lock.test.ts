import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { newFolder } from './folder.fixture.ts'
import { type LockAttempt, tryLock } from './lock.ts'
import { thisPlace } from './place.ts'
import { identify, isSuspended, waitUntilGone } from './process-identity.ts'
import { arrived, notYet, waitUntil } from './wait.ts'

// A disk cannot be filled in a test.
const { write } = vi.hoisted(() => ({ write: vi.fn<typeof writeFile>() }))
vi.mock('node:fs/promises', async (original) => ({ ...(await original<object>()), writeFile: write }))
beforeEach(async () => {
  const { writeFile: real } = await vi.importActual<{ writeFile: typeof writeFile }>('node:fs/promises')
  write.mockImplementation(real)
})

const newLock = async (): Promise<string> => join(await newFolder(), 'a.lock')

/** Takes a lock that must be free; returns what releases it. */
async function take(folder: string): Promise<() => Promise<void>> {
  const attempt = await tryLock(folder)
  if ('release' in attempt) return attempt.release
  throw new Error(`the lock is held by ${attempt.holder}`)
}

const holder = (attempt: LockAttempt): string | undefined =>
  'holder' in attempt ? attempt.holder : undefined

/** A process that does nothing, and a lock with its claim. */
async function heldByChild(place?: object): Promise<{ lock: string; child: ChildProcess; pid: number }> {
  const lock = await newLock()
  const child = spawn(process.execPath, ['-e', `setInterval(() => {}, 1e6); console.log('ready')`])
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  const pid = child.pid as number
  const claim = { process: await identify(pid), place: { ...(await thisPlace()), ...place } }
  await mkdir(lock)
  await writeFile(join(lock, `${pid}-0.json`), JSON.stringify(claim))
  return { lock, child, pid }
}

describe('a lock', () => {
  it('is held by one at a time, and leaves nothing once it is released', async () => {
    const lock = await newLock()
    const release = await take(lock)
    expect(holder(await tryLock(lock))).toBe(`pid ${process.pid}`)
    await release()
    expect(await readdir(join(lock, '..'))).toEqual([])
    await (await take(lock))()
  })

  it('has at most one holder when many take it at once', async () => {
    const lock = await newLock()
    for (let round = 0; round < 20; round += 1) {
      const attempts = await Promise.all(Array.from({ length: 8 }, () => tryLock(lock)))
      const held = attempts.filter((attempt) => 'release' in attempt)
      expect(held.length).toBeLessThanOrEqual(1)
      for (const attempt of held) await attempt.release()
    }
  })

  it('stays with a process that is suspended, however long', async () => {
    const { lock, child, pid } = await heldByChild()
    child.kill('SIGSTOP')
    if (process.platform === 'linux')
      await waitUntil(
        'the suspension',
        async () => ((await isSuspended(pid)) ? arrived(undefined) : notYet('it runs')),
        { timeoutMs: 5_000 },
      )
    expect(holder(await tryLock(lock))).toMatch(
      process.platform === 'linux' ? `pid ${pid}, which is suspended` : `pid ${pid}`,
    )
    child.kill('SIGCONT')
    expect(await readdir(lock)).toEqual([`${pid}-0.json`])
  })

  it('is free once the process that held it was killed', async () => {
    const { lock, child, pid } = await heldByChild()
    const identity = await identify(pid)
    child.kill('SIGKILL')
    if (identity) await waitUntilGone(identity, 5_000)
    await (await take(lock))()
  })

  it('is not taken from a later process with the same pid, nor kept by it', async () => {
    const { lock, pid } = await heldByChild()
    const [name = ''] = await readdir(lock)
    const claim = JSON.parse(await readFile(join(lock, name), 'utf8'))
    await writeFile(
      join(lock, name),
      JSON.stringify({ ...claim, process: { pid, startToken: `${claim.process.startToken}0` } }),
    )
    await (await take(lock))()
  })

  it.each([
    ['on another host', { host: 'atlas', boot: 'another' }, 'on the host atlas'],
    ['in another PID namespace', { pidNamespace: 'pid:[1]' }, 'in another PID namespace'],
  ])('stays with a process %s, which may be alive', async (_, place, where) => {
    const { lock, child } = await heldByChild(place)
    child.kill('SIGKILL')
    if (process.platform === 'linux') expect(holder(await tryLock(lock))).toContain(where)
  })

  it.skipIf(process.platform !== 'linux')('is free after a reboot (Linux)', async () => {
    const { lock } = await heldByChild({ boot: 'the one before' })
    await (await take(lock))()
  })

  it('is not taken from a claim that cannot be read, and the claim stays', async () => {
    const lock = await newLock()
    await mkdir(join(lock, '1-0.json'), { recursive: true }) // a folder: root may read any file
    await expect(tryLock(lock)).rejects.toMatchObject({ code: 'EISDIR' })
    expect(await readdir(lock)).toEqual(['1-0.json'])
  })

  describe('on a full disk', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })

    it('is not had, unless by what frees space, and leaves nothing', async () => {
      const lock = await newLock()
      write.mockRejectedValue(full)
      await expect(tryLock(lock)).rejects.toBe(full)
      const attempt = await tryLock(lock, { withoutSpace: 'go on' })
      expect(holder(attempt)).toBeUndefined()
      if ('release' in attempt) await attempt.release()
      expect(await readdir(join(lock, '..'))).toEqual([])
    })

    it('is not had while another process holds it', async () => {
      const { lock, pid } = await heldByChild()
      write.mockRejectedValue(full)
      expect(holder(await tryLock(lock, { withoutSpace: 'go on' }))).toBe(`pid ${pid}`)
    })
  })

  it.each(['', 'garbage', '{}'])('is not held by a claim that is damaged: %j', async (text) => {
    const lock = await newLock()
    await mkdir(lock)
    await writeFile(join(lock, '1-0.json'), text)
    await (await take(lock))()
  })
})

import { mkdir, readdir } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { newFolder } from '../system/folder.fixture.ts'
import { withFolderLock } from './folder-lock.ts'
import { type StoragePaths, storagePaths } from './paths.ts'

async function newStorage(): Promise<StoragePaths> {
  const storage = storagePaths(await newFolder())
  await mkdir(storage.run)
  return storage
}

const never = () => new AbortController().signal

describe('withFolderLock', () => {
  it('returns the result of the work, holds the lock meanwhile and leaves no lock file', async () => {
    const storage = await newStorage()
    const during = await withFolderLock(storage, never(), () => readdir(storage.run))
    expect(during).toEqual(['folder.lock'])
    expect(await readdir(storage.run)).toEqual([])
  })

  it('releases the lock when the work fails', async () => {
    const storage = await newStorage()
    const failing = async () => {
      throw new Error('broken')
    }
    await expect(withFolderLock(storage, never(), failing)).rejects.toThrow('broken')
    expect(await readdir(storage.run)).toEqual([])
    expect(await withFolderLock(storage, never(), async () => 'again')).toBe('again')
  })

  it('runs one piece of work at a time', async () => {
    const storage = await newStorage()
    let working = 0
    const work = async () => {
      working += 1
      const most = working
      await new Promise(setImmediate)
      working -= 1
      return most
    }
    const all = Array.from({ length: 3 }, () => withFolderLock(storage, never(), work))
    expect(await Promise.all(all)).toEqual([1, 1, 1])
  })

  it('names the process that keeps the lock, and does not do the work', async () => {
    const storage = await newStorage()
    await withFolderLock(storage, never(), async () => {
      const second = withFolderLock(storage, never(), () => expect.fail('two writers'), { timeoutMs: 300 })
      await expect(second).rejects.toMatchObject({
        code: 'LOCKED',
        message: expect.stringContaining(`pid ${process.pid}`),
        hint: expect.stringContaining('folder.lock'),
      })
    })
  })

  it('does not lock another folder', async () => {
    const [one, other] = [await newStorage(), await newStorage()]
    const both = withFolderLock(one, never(), () => withFolderLock(other, never(), async () => 'both'))
    expect(await both).toBe('both')
  })

  it('stops waiting when interrupted, and does not do the work', async () => {
    const storage = await newStorage()
    const controller = new AbortController()
    let worked = false
    await withFolderLock(storage, never(), async () => {
      const waiting = withFolderLock(storage, controller.signal, async () => {
        worked = true
      })
      controller.abort(new Error('interrupted by SIGINT'))
      await expect(waiting).rejects.toThrow('interrupted by SIGINT')
    })
    expect(worked).toBe(false)
  })
})

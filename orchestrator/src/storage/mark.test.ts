import { cp, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { newFolder } from '../system/folder.fixture.ts'
import { run, tryRun } from '../system/run.ts'
import { adoptCopy, provenance, readMark, requireOwnStorage } from './mark.ts'
import { prepareStorage } from './storage-folder.ts'

const canMount = (await tryRun(['unshare', ['--mount', 'true']])) !== undefined

/** A folder with the project `a`, whose storage is marked. */
async function project(): Promise<{ parent: string; a: string; storage: string }> {
  const parent = await newFolder()
  const a = join(parent, 'a')
  await mkdir(a)
  await writeFile(join(a, '.env'), 'STORAGE_DIR=storage\n')
  const { root } = await prepareStorage(join(a, 'storage'), a)
  return { parent, a, storage: root }
}

describe('provenance', () => {
  it('is its own where it was made, also through a link', async () => {
    const { parent, a, storage } = await project()
    expect(await provenance(storage, a)).toEqual({ kind: 'own' })
    await symlink(a, join(parent, 'link'))
    expect(await provenance(join(parent, 'link', 'storage'), join(parent, 'link'))).toEqual({ kind: 'own' })
  })

  it('is its own without a mark', async () => {
    const folder = await newFolder()
    expect(await provenance(join(folder, 'storage'), folder)).toEqual({ kind: 'own' })
  })

  it('is a copy while the original is there, and names it', async () => {
    const { parent, a } = await project()
    const b = join(parent, 'b')
    await cp(a, b, { recursive: true })
    await expect(requireOwnStorage(join(b, 'storage'), b)).rejects.toMatchObject({
      code: 'OTHER_FOLDER',
      exitCode: 5,
      message: expect.stringMatching(new RegExp(`${b}.*copy.*${a}`)),
      hint: expect.stringContaining('--adopt'),
    })
  })

  it('was moved when its former path is gone, and keeps its id and the name of its volumes', async () => {
    const { parent, a, storage } = await project()
    const before = await readMark(storage)
    const b = join(parent, 'b')
    await rename(a, b)
    expect(await provenance(join(b, 'storage'), b)).toEqual({ kind: 'moved', from: a })
    await prepareStorage(join(b, 'storage'), b)
    expect(await provenance(join(b, 'storage'), b)).toEqual({ kind: 'own' })
    expect(await readMark(join(b, 'storage'))).toMatchObject({ id: before?.id, name: 'a', folder: b })
  })

  it('was moved even if something else is at its former path now', async () => {
    const { parent, a } = await project()
    const b = join(parent, 'b')
    await rename(a, b)
    await mkdir(join(a, 'storage', 'checkpoint'), { recursive: true })
    expect(await provenance(join(b, 'storage'), b)).toMatchObject({ kind: 'moved' })
  })

  it.each(['while its stack is up', 'and something else is at its former path'])(
    'is unknown in a copy whose original was renamed, %s',
    async (how) => {
      const { parent, a } = await project()
      const [b, a2] = [join(parent, 'b'), join(parent, 'a2')]
      await cp(a, b, { recursive: true })
      await rename(a, a2)
      if (how.startsWith('and')) await mkdir(join(a, 'storage'), { recursive: true })
      expect(await provenance(join(b, 'storage'), b)).toEqual({ kind: 'unknown', from: a })
      expect(await provenance(join(a2, 'storage'), a2)).toEqual({ kind: 'moved', from: a })
      await expect(requireOwnStorage(join(b, 'storage'), b)).rejects.toMatchObject({
        code: 'OTHER_FOLDER',
        exitCode: 5,
        message: expect.stringMatching(new RegExp(`${b} was moved from ${a} to another disk, or is a copy`)),
        hint: expect.stringMatching(/--moved.*--adopt/),
      })
    },
  )

  it.skipIf(!canMount)(
    'is its own where it is mounted twice, also with another device number than at its last start (needs root)',
    async () => {
      const { parent, a, storage } = await project()
      const twice = join(parent, 'twice')
      await mkdir(twice)
      await run(['mount', ['--bind', a, twice]])
      onTestFinished(async () => void (await run(['umount', [twice]])))
      for (const inode of [undefined, '99:1']) {
        const mark = await readMark(storage)
        await writeFile(
          join(storage, '.cpu-anomaly-storage'),
          JSON.stringify({ ...mark, ...(inode && { inode }) }),
        )
        expect(await provenance(join(twice, 'storage'), twice)).toEqual({ kind: 'own' })
      }
    },
  )

  it.each(['', '{"tool":'])('of a damaged mark (%j) cannot be told', async (text) => {
    const { a, storage } = await project()
    await writeFile(join(storage, '.cpu-anomaly-storage'), text)
    for (const read of [
      () => readMark(storage),
      () => provenance(storage, a),
      () => prepareStorage(storage, a),
    ])
      await expect(read()).rejects.toMatchObject({
        code: 'STORAGE',
        message: expect.stringMatching(/^\S+\.cpu-anomaly-storage is damaged/),
      })
    expect(await readFile(join(storage, '.cpu-anomaly-storage'), 'utf8')).toBe(text)
  })

  it.each([
    [true, 'copied'],
    [false, 'unknown'],
  ])('of a mark without path and inode follows from the original (there: %s)', async (isThere, kind) => {
    const { parent, a, storage } = await project()
    const { id } = (await readMark(storage)) ?? {}
    const old = { tool: 'cpu-anomaly', format: 1, id, folder: a }
    await writeFile(join(storage, '.cpu-anomaly-storage'), JSON.stringify(old))
    const b = join(parent, 'b')
    await cp(a, b, { recursive: true })
    if (!isThere) await rm(a, { recursive: true })
    expect(await provenance(join(b, 'storage'), b)).toEqual({ kind, from: a })
  })

  it("is shared when another project's settings name it", async () => {
    const { parent, a, storage } = await project()
    const b = join(parent, 'b')
    await mkdir(b)
    expect(await provenance(storage, b)).toEqual({ kind: 'own' }) // settings from elsewhere: --env-file, environment
    await writeFile(join(b, '.env'), `STORAGE_DIR=${storage}\n`)
    await expect(requireOwnStorage(storage, b)).rejects.toMatchObject({
      code: 'OTHER_FOLDER',
      message: expect.stringMatching(new RegExp(`${a}.*${b}`)),
    })
  })
})

describe('adoptCopy', () => {
  it('gives the copy an id of its own, drops the records of processes and keeps the data', async () => {
    const { parent, a, storage } = await project()
    await writeFile(join(storage, 'run', 'kafka.json'), '{}')
    await writeFile(join(storage, 'kafka', 'log'), 'data')
    const original = await readMark(storage)
    const b = join(parent, 'b')
    await cp(a, b, { recursive: true })
    await adoptCopy(join(b, 'storage'), b)
    expect(await provenance(join(b, 'storage'), b)).toEqual({ kind: 'own' })
    const mark = await readMark(join(b, 'storage'))
    expect(mark).toMatchObject({ folder: b, name: 'b' })
    expect(mark?.id).not.toBe(original?.id)
    await expect(readFile(join(b, 'storage', 'run', 'kafka.json'))).rejects.toThrow('ENOENT')
    expect(await readFile(join(b, 'storage', 'kafka', 'log'), 'utf8')).toBe('data')
    expect(await readMark(storage)).toEqual(original)
  })
})

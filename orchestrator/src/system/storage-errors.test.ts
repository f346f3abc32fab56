import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { newFolder } from './folder.fixture.ts'
import { ownerOf, storageError } from './storage-errors.ts'

const systemError = (code: string, more: object = { path: '/no/such/file' }) =>
  Object.assign(new Error(`${code}: of the test, open`), { code, syscall: 'open', ...more })

describe('an error of a disk or of a file', () => {
  it.each([
    ['ENOSPC', 'Free some space'],
    ['EROFS', 'read-only'],
    ['EACCES', 'sudo'],
    ['EISDIR', 'move it away'],
  ])('%s is a sentence with a way out', (code, hint) => {
    expect(storageError(systemError(code))).toMatchObject({
      code: 'STORAGE',
      message: `${code}: of the test, open`,
      hint: expect.stringContaining(hint),
    })
  })

  it('names the folder where a file belongs', async () => {
    const folder = await newFolder()
    const error = await readFile(folder).catch((thrown: unknown) => thrown)
    expect(storageError(error)).toMatchObject({
      code: 'STORAGE',
      hint: expect.stringContaining('move it away'),
    })
  })

  it('is no other error', () => {
    expect(storageError(systemError('ENOENT'))).toBeUndefined()
    expect(storageError(systemError('EACCES', { syscall: 'connect' }))).toBeUndefined()
    expect(storageError(new TypeError('x'))).toBeUndefined()
  })
})

describe('the owner of a file', () => {
  it('is not named if it is this user, or there is no such file', async () => {
    expect(ownerOf(await newFolder())).toBeUndefined()
    expect(ownerOf('/no/such/file')).toBeUndefined()
  })

  it.skipIf(process.getuid?.() === 0)('is root for what every user may see', () => {
    expect(ownerOf('/')).toBe('root')
  })
})

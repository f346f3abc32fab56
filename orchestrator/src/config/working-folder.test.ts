import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { newFolder } from '../system/folder.fixture.ts'
import { workingFolder } from './working-folder.ts'

afterEach(() => void vi.restoreAllMocks())

it('is the folder of the process', () => {
  expect(workingFolder()).toBe(process.cwd())
})

it('may have a name with any character of UTF-8, also the one that replaces invalid bytes', async () => {
  const folder = join(await newFolder(), 'ä\ufffd')
  await mkdir(folder)
  vi.spyOn(process, 'cwd').mockReturnValue(folder)
  expect(workingFolder()).toBe(folder)
})

it.each([
  ['has a name that is not UTF-8', () => '/nowhere/a\ufffd', 'is not valid UTF-8: /nowhere/a\ufffd'],
  ['was removed', () => '/nowhere/gone', 'does not exist any more'],
  [
    'was removed, which Node reports',
    () => {
      throw Object.assign(new Error('uv_cwd'), { code: 'ENOENT' })
    },
    'does not exist any more',
  ],
])('is refused if it %s', (_, cwd, problem) => {
  vi.spyOn(process, 'cwd').mockImplementation(cwd)
  expect(workingFolder).toThrow(expect.objectContaining({ code: 'CONFIGURATION', exitCode: 2 }))
  expect(workingFolder).toThrow(problem)
})

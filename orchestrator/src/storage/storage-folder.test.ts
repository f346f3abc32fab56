import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../package/root.ts'
import { newFolder } from '../system/folder.fixture.ts'
import { run } from '../system/run.ts'
import { checkStorageDir, prepareStorage } from './storage-folder.ts'

/** The problems of a STORAGE_DIR that may be relative to the project folder. */
const check = (dir: string, folder: string) => checkStorageDir(resolve(folder, dir), folder)

describe('the storage folder', () => {
  it.each([
    ['the root', () => '/', 'is the root of the file system'],
    ['the root in another notation', () => '/tmp/..', 'is the root of the file system'],
    ['the home folder', () => homedir(), 'is your home folder'],
    ['the home folder with a slash', () => `${homedir()}/`, 'is your home folder'],
    ['.', () => '.', 'is the project folder itself'],
    ['nothing', () => '', 'is the project folder itself'],
    ['the project folder with a slash', (folder: string) => `${folder}/`, 'is the project folder itself'],
    ['..', () => '..', 'contains the project folder'],
    ['the repository root', () => packageRoot, "is this tool's own folder"],
    ['a link to outside', () => 'outside', 'is a link that leads out of the project folder'],
    ['a link to nowhere', () => 'nowhere', 'is a link that leads out of the project folder'],
    [
      'a folder behind a link to outside',
      () => 'outside/sub',
      'is behind a link that leads out of the project folder',
    ],
    ['a link to the project folder', () => 'self', 'is a link that leads out of the project folder'],
    ['a foreign folder that is not empty', () => 'photos', 'is a folder that contains other files'],
    ['a file', () => 'photos/one.jpg', 'is not a folder'],
  ])('may not be %s', async (_, dir, what) => {
    const folder = await newFolder()
    const outside = await newFolder()
    await symlink(outside, join(folder, 'outside'))
    await symlink('/no/such/folder', join(folder, 'nowhere'))
    await symlink('.', join(folder, 'self'))
    await mkdir(join(folder, 'photos'))
    await writeFile(join(folder, 'photos', 'one.jpg'), '')
    const [problem, ...others] = await check(dir(folder), folder)
    expect(others).toEqual([])
    expect(problem).toMatch(/^STORAGE_DIR=\//)
    expect(problem).toContain(`: ${what}; use a dedicated folder, such as storage`)
    expect(await readdir(outside)).toEqual([])
  })

  it.each([
    ['a,b', 'has a comma'],
    ['a:b', 'has a colon'],
    ['a\\b', 'has a backslash'],
    ['a\nb', 'has a backslash or a control character'],
    ['~/x', 'is not replaced here'],
    ['$HOME/x', 'is not replaced here'],
    ['$' + '{HOME}/x', 'is not replaced here'],
  ])('may not have a path that would be split or taken literally: %j', async (dir, what) => {
    const folder = await newFolder()
    const problems = [...(await check(dir, folder)), ...(await check('storage', join(folder, dir)))]
    expect(problems[0]).toContain(what)
    expect(problems).toHaveLength(what.startsWith('has') ? 2 : 1)
    expect(await readdir(folder)).toEqual([])
  })

  it.each(['a b', '%20', '#', ';', '$', '$(id)', `it's "so"`, 'jürgen', '[x]{y}?*&!', 'a~'])(
    'may have any other path: %j',
    async (dir) => {
      expect(await check(dir, await newFolder())).toEqual([])
    },
  )

  it('may be an empty folder elsewhere, or an empty one behind a link within the project folder', async () => {
    const folder = await newFolder()
    const elsewhere = await newFolder()
    expect(await check(elsewhere, folder)).toEqual([])
    await mkdir(join(folder, 'data'))
    await symlink('data', join(folder, 'link'))
    expect(await check('link', folder)).toEqual([])
  })

  it('may be the one that was made before', async () => {
    const folder = await newFolder()
    const paths = await prepareStorage(join(folder, 'storage'), folder)
    await writeFile(join(paths.kafka, 'data'), '')
    expect(await check('storage', folder)).toEqual([])
  })

  it('is ignored by git under any name, because it holds logins and data', async () => {
    const folder = await newFolder()
    await run(['git', ['init', '--quiet']], { cwd: folder })
    const { run: secrets } = await prepareStorage(join(folder, 'kept here'), folder)
    await writeFile(join(secrets, 'kafka.properties'), '')
    const { stdout } = await run(['git', ['status', '--porcelain']], { cwd: folder })
    expect(stdout).toBe('')
  })
})

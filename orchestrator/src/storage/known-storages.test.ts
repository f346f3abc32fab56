import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { isThere } from '../cli/command.fixture.ts'
import { newFolder } from '../system/folder.fixture.ts'
import { forgetStorage, knownStorages, rememberStorage } from './known-storages.ts'
import { prepareStorage } from './storage-folder.ts'

it('knows the default storage folder without remembering it', async () => {
  const folder = await newFolder()
  expect(await knownStorages(folder)).toEqual([])
  const { root } = await prepareStorage(join(folder, 'storage'), folder)
  await rememberStorage(folder, root)
  expect(await knownStorages(folder)).toEqual([root])
  expect(await isThere(join(folder, '.cpu-anomaly.json'))).toBe(false)
})

it('remembers another one until it is forgotten, and leaves no file then', async () => {
  const folder = await newFolder()
  const { root } = await prepareStorage(join(folder, 'data'), folder)
  await rememberStorage(folder, root)
  await rememberStorage(folder, root)
  expect(await knownStorages(folder)).toEqual([root])
  await forgetStorage(folder, root)
  expect(await knownStorages(folder)).toEqual([])
  expect(await isThere(join(folder, '.cpu-anomaly.json'))).toBe(false)
})

it('leaves out the storage of another project, as a copied file names it', async () => {
  const [folder, other] = [await newFolder(), await newFolder()]
  const { root } = await prepareStorage(join(other, 'data'), other)
  await mkdir(join(folder, 'empty'))
  for (const storage of [root, join(folder, 'empty')]) await rememberStorage(folder, storage)
  expect(await knownStorages(folder)).toEqual([])
})

it.each(['', '{"storages":["/da'])('does not take a damaged file for none: %j', async (text) => {
  const folder = await newFolder()
  await writeFile(join(folder, '.cpu-anomaly.json'), text)
  await expect(knownStorages(folder)).rejects.toMatchObject({
    code: 'STORAGE',
    message: expect.stringContaining('.cpu-anomaly.json is damaged'),
  })
})

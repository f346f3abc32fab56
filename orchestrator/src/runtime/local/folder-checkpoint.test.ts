import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { newFolder } from '../../system/folder.fixture.ts'
import { folderCheckpoint, setAsideFolders } from './folder-checkpoint.ts'

it('finds the checkpoints that were set aside, and no other folder', async () => {
  const root = await newFolder()
  const dir = join(root, 'checkpoint')
  for (const name of ['kafka', 'checkpoint-of-mine']) await mkdir(join(root, name))
  const store = folderCheckpoint(dir)
  await store.write('manifest', '{}')
  const aside = await store.setAside()
  expect(await setAsideFolders(dir)).toEqual([aside])
  expect((await readdir(root)).sort()).toEqual(
    [aside.slice(root.length + 1), 'checkpoint-of-mine', 'kafka'].sort(),
  )
})

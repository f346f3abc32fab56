import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { newFolder } from '../../system/folder.fixture.ts'
import { folderCheckpoint, setAsideFolders } from './folder-checkpoint.ts'

it('names a file that is a directory', async () => {
  const dir = await newFolder()
  await mkdir(join(dir, 'manifest'))
  const store = folderCheckpoint(dir)
  await expect(store.read('manifest')).rejects.toMatchObject({
    code: 'CHECKPOINT_CONFLICT',
    exitCode: 3,
    message: `the checkpoint cannot be used: ${join(dir, 'manifest')} cannot be read: it is a directory`,
  })
  expect(await store.read('ledger')).toBeUndefined()
})

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

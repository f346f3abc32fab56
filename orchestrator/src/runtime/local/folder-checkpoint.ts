import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { CheckpointStore } from '../runtime.ts'
import { isSetAsideName, setAsideName } from '../set-aside.ts'

/** The local runtime's checkpoint: a folder under `storage/`. */
export function folderCheckpoint(dir: string): CheckpointStore {
  return {
    location: dir,
    async read(name) {
      return readFile(join(dir, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined
        throw error
      })
    },
    async write(name, text) {
      await mkdir(dir, { recursive: true })
      const partial = join(dir, `${name}.part`)
      await writeFile(partial, text)
      await rename(partial, join(dir, name))
    },
    async hasCommits() {
      return (await readdir(join(dir, 'commits')).catch(() => [])).length > 0
    },
    async setAside() {
      const target = setAsideName(dir)
      if (await stat(dir).catch(() => undefined)) await rename(dir, target)
      return target
    },
  }
}

/** The checkpoints that were set aside from this one; they lie beside it. */
export async function setAsideFolders(dir: string): Promise<string[]> {
  const names = await readdir(dirname(dir)).catch(() => [])
  return names.filter((name) => isSetAsideName(basename(dir), name)).map((name) => join(dirname(dir), name))
}

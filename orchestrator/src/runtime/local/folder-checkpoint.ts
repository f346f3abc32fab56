import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CliError } from '../../errors.ts'
import type { CheckpointStore } from '../runtime.ts'
import { isSetAsideName, setAsideName, WAYS_OUT } from '../set-aside.ts'

/** The local runtime's checkpoint: a folder under `storage/`. */
export function folderCheckpoint(dir: string): CheckpointStore {
  return {
    location: dir,
    async read(name) {
      const file = join(dir, name)
      return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined
        throw error.code === 'EISDIR' ? isDirectory(file, error) : error
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

/** The driver says the same of the files that it reads. Node's own error does not name the file. */
const isDirectory = (file: string, cause: Error): CliError =>
  new CliError(
    'CHECKPOINT_CONFLICT',
    `the checkpoint cannot be used: ${file} cannot be read: it is a directory`,
    { hint: WAYS_OUT, cause },
  )

/** The checkpoints that were set aside from this one; they lie beside it. */
export async function setAsideFolders(dir: string): Promise<string[]> {
  const names = await readdir(dirname(dir)).catch(() => [])
  return names.filter((name) => isSetAsideName(basename(dir), name)).map((name) => join(dirname(dir), name))
}

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parseJson } from './json.ts'

/** A small JSON file, replaced as a whole: a reader sees the old or the new content, never half of it. */
export interface StateFile<T> {
  readonly path: string
  read(): Promise<T | undefined>
  write(value: T): Promise<void>
  remove(): Promise<void>
}

export function stateFile<T>(path: string): StateFile<T> {
  return {
    path,
    async read() {
      try {
        return parseJson(await readFile(path, 'utf8')) as T | undefined
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
    },
    async write(value) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      const partial = `${path}.${process.pid}.part`
      await writeFile(partial, `${JSON.stringify(value)}\n`, { mode: 0o600 })
      await rename(partial, path)
    },
    remove: () => rm(path, { force: true }),
  }
}

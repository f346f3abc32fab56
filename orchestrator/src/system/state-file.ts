import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { z } from 'zod'
import { CliError } from '../errors.ts'
import { parseJson } from './json.ts'

/** A small JSON file, replaced as a whole: a reader sees the old or the new content, never half of it. */
export interface StateFile<T extends object> {
  readonly path: string
  /**
   * Undefined if there is no file.
   * @throws CliError STORAGE when it is damaged or cannot be read: what it recorded may still run, so this is not "nothing".
   */
  read(): Promise<T | undefined>
  write(value: T): Promise<void>
  remove(): Promise<void>
}

const STARTED_HINT =
  'It records what was started from this folder. End what still runs (`ps -ef` shows it), then remove the file.'

/** `schema` is what the file must hold, or it is damaged; `hint` says what to do then. */
export function stateFile<T extends object>(
  path: string,
  schema: z.ZodType<T>,
  hint = STARTED_HINT,
): StateFile<T> {
  return {
    path,
    async read() {
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
        throw error
      })
      return text === undefined ? undefined : parseRecord(text, path, schema, hint)
    },
    async write(value) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      const partial = `${path}.${process.pid}.part`
      const text = `${JSON.stringify(value)}\n`
      try {
        await writeFile(partial, text, { mode: 0o600 })
        await rename(partial, path)
      } catch (error) {
        await rm(partial, { force: true })
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        await overwrite(path, text).catch(() => Promise.reject(error))
      }
    },
    remove: () => rm(path, { force: true }),
  }
}

export type Undo = () => Promise<void>

/** Writes the file, and returns what gives it its old content back. */
export async function replaceFile<T extends object>(file: StateFile<T>, value: T): Promise<Undo> {
  const before = await file.read()
  await file.write(value)
  return () => (before ? file.write(before) : file.remove())
}

/** On a full disk a small file may still have room in its own block; where it has none, it stays as it is. */
async function overwrite(path: string, text: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.write(text, 0)
    await file.truncate(Buffer.byteLength(text))
  } finally {
    await file.close()
  }
}

function parseRecord<T>(text: string, path: string, schema: z.ZodType<T>, hint: string): T {
  const { data, error } = schema.safeParse(parseJson(text))
  if (data !== undefined) return data
  const key = error?.issues[0]?.path.join('.')
  const lacks = key ? `has no valid "${key}"` : 'is not a JSON object'
  throw new CliError('STORAGE', `${path} is damaged: it ${text.trim() === '' ? 'is empty' : lacks}`, { hint })
}

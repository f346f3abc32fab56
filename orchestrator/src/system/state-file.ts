import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
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

const PERMISSION_HINT = 'Check its permissions: another user may have started what it records.'

/** `required` are the keys without which the file is damaged; `hint` says what to do then. */
export function stateFile<T extends object>(
  path: string,
  required: readonly (keyof T & string)[] = [],
  hint = STARTED_HINT,
): StateFile<T> {
  return {
    path,
    async read() {
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
        throw new CliError('STORAGE', `${path} cannot be read: ${error.message}`, {
          hint: PERMISSION_HINT,
          cause: error,
        })
      })
      return text === undefined ? undefined : (parseRecord(text, path, required, hint) as T)
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

export type Undo = () => Promise<void>

/** Writes the file, and returns what gives it its old content back. */
export async function replaceFile<T extends object>(file: StateFile<T>, value: T): Promise<Undo> {
  const before = await file.read()
  await file.write(value)
  return () => (before ? file.write(before) : file.remove())
}

function parseRecord(text: string, path: string, required: readonly string[], hint: string): object {
  const value = parseJson(text)
  if (isObject(value) && required.every((key) => key in value)) return value
  const keys = required.map((key) => `"${key}"`).join(' and ')
  const problem = text.trim() === '' ? 'is empty' : `is not a JSON object${keys && ` with ${keys}`}`
  throw new CliError('STORAGE', `${path} is damaged: it ${problem}`, { hint })
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

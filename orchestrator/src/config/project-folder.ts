import { readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parse } from 'dotenv'
import { readStorageId } from '../storage/mark.ts'
import { TITLE } from './env-example.ts'
import { isOwnKey } from './settings.ts'

/**
 * The project folder of a command: the working folder if it is one, else the nearest one above it that belongs to this
 * user; the working folder if there is none. A home folder is not searched: its `.env` would count for everything below.
 */
export async function findProjectFolder(cwd: string): Promise<string> {
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (folder !== cwd && folder === process.env.HOME) return cwd
    if (await isProject(folder)) return folder === cwd || (await isOwn(folder)) ? folder : cwd
    if (dirname(folder) === folder) return cwd
  }
}

/** It has the storage of a stack, or a `.env` with settings of this tool. */
async function isProject(folder: string): Promise<boolean> {
  if ((await readStorageId(join(folder, 'storage'))) !== undefined) return true
  const text = await readFile(join(folder, '.env'), 'utf8').catch(() => '')
  return text.startsWith(TITLE) || hasOurSettings(Object.keys(parse(text)))
}

/** Names that other tools use too: a `.env` that has only these may be theirs. */
const COMMON = /^(?:KAFKA_|SPARK_(?!CONF_)|(?:RUNTIME|TRIGGER|STORAGE_DIR)$)/

/** True if all of these keys are our settings, or if one has a name that only we use. */
export function hasOurSettings(keys: readonly string[]): boolean {
  const ours = keys.filter(isOwnKey)
  return ours.length > 0 && (ours.length === keys.length || ours.some((key) => !COMMON.test(key)))
}

/** A `.env` of somebody else must not decide what runs here; a folder above is not chosen by who runs the command. */
async function isOwn(folder: string): Promise<boolean> {
  const uid = process.getuid?.()
  return uid === undefined || (await stat(folder)).uid === uid
}

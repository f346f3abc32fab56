import { constants } from 'node:fs'
import { lstat, open, realpath, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'dotenv'
import { storageCandidates } from '../storage/known-storages.ts'
import { readStorageId } from '../storage/mark.ts'
import { homeFolder } from '../system/home.ts'
import { TITLE } from './env-example.ts'
import { isCommonName, isOwnKey } from './settings.ts'

/**
 * The project folder of a command: the working folder if it is one, else the nearest one above it that belongs to this
 * user; the working folder if there is none. A home folder is not searched: its `.env` would count for everything below.
 */
export async function findProjectFolder(cwd: string): Promise<string> {
  const home = await realOf(homeFolder() ?? '/')
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (folder !== cwd && (await realOf(folder)) === home) return cwd
    if (await isProject(folder)) return folder === cwd || (await isOwn(folder)) ? folder : cwd
    if (dirname(folder) === folder) return cwd
  }
}

const realOf = (path: string): Promise<string> => realpath(path).catch(() => resolve(path))

/** It has the storage of a stack, or a `.env` with settings of this tool. */
async function isProject(folder: string): Promise<boolean> {
  const text = await peek(join(folder, '.env'))
  if (text === undefined) return true // the command says why it cannot be read
  const values = parse(text)
  const storages = await storageCandidates(folder, values.STORAGE_DIR)
  if ((await Promise.all(storages.map(readStorageId))).some((id) => id !== undefined)) return true
  return text.startsWith(TITLE) || hasOurSettings(Object.keys(values))
}

/** The text of a file; empty if there is none, or a pipe, which can be read only once. Undefined if it cannot be read. */
async function peek(path: string): Promise<string | undefined> {
  try {
    await lstat(path)
  } catch {
    return ''
  }
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    return (await file.stat()).isFile() ? await file.readFile('utf8') : ''
  } catch {
    return undefined
  }
}

/** So many settings of ours are hardly another tool's, even if each of their names is common. */
const OURS_TOGETHER = 3

/** True if all of these keys are our settings, if one has a name that only we use, or if several are ours. */
export function hasOurSettings(keys: readonly string[]): boolean {
  const ours = keys.filter(isOwnKey)
  if (ours.length === 0) return false
  return ours.length === keys.length || ours.length >= OURS_TOGETHER || ours.some((key) => !isCommonName(key))
}

/** A `.env` of somebody else must not decide what runs here; a folder above is not chosen by who runs the command. */
async function isOwn(folder: string): Promise<boolean> {
  const uid = process.getuid?.()
  return uid === undefined || (await stat(folder)).uid === uid
}

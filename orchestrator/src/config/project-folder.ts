import { constants } from 'node:fs'
import { lstat, open, realpath } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'dotenv'
import { CliError } from '../errors.ts'
import { POINTER_FILE, storageCandidates } from '../storage/known-storages.ts'
import { MARK_FILE } from '../storage/mark.ts'
import { homeFolder } from '../system/home.ts'
import { TITLE } from './env-example.ts'
import { isCommonName, isOwnKey } from './settings.ts'

/**
 * The project folder of a command: the working folder if it is one, else the nearest one above it; the working folder if
 * there is none, or if files of another user make that folder a project. A home folder is not searched: its `.env` would
 * count for everything below.
 */
export async function findProjectFolder(
  cwd: string,
  warn: (line: string) => void = () => undefined,
): Promise<string> {
  const home = await realOf(homeFolder() ?? '/')
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (folder !== cwd && (await realOf(folder)) === home) return cwd
    const files = await projectFiles(folder)
    if (files.length > 0) {
      const foreign = folder === cwd ? undefined : await foreignFile(files)
      if (foreign === undefined) return folder
      warn(
        `The project ${folder} was not used: ${foreign} belongs to another user. To use it, run the command there.`,
      )
      return cwd
    }
    if (dirname(folder) === folder) return cwd
  }
}

const realOf = (path: string): Promise<string> => realpath(path).catch(() => resolve(path))

/** The files that make a folder a project: a `.env` with settings of this tool, and the marks of its storages. */
async function projectFiles(folder: string): Promise<string[]> {
  const env = join(folder, '.env')
  const text = await peek(env)
  if (text === undefined) return [env] // the command says why it cannot be read
  const values = parse(text)
  const marks = await existing(await possibleMarks(folder, values.STORAGE_DIR))
  const isOurs = marks.length > 0 || text.startsWith(TITLE) || hasOurSettings(Object.keys(values))
  return isOurs ? [...(await existing([env])), ...marks] : []
}

async function possibleMarks(folder: string, storageDir: string | undefined): Promise<string[]> {
  const storages = await storageCandidates(folder, storageDir).catch((error: unknown) => {
    if (error instanceof CliError) return undefined // the command says what is damaged
    throw error
  })
  return storages?.map((root) => join(root, MARK_FILE)) ?? [join(folder, POINTER_FILE)]
}

async function existing(paths: readonly string[]): Promise<string[]> {
  const isThere = await Promise.all(paths.map((path) => lstat(path).then(Boolean, () => false)))
  return paths.filter((_, index) => isThere[index])
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

/**
 * A `.env` of somebody else must not decide what runs here: a folder above is not chosen by who runs the command. The
 * owner of the folder does not tell: anybody may put a file into /tmp.
 */
async function foreignFile(files: readonly string[]): Promise<string | undefined> {
  const uid = process.getuid?.()
  if (uid === undefined) return undefined
  for (const file of files) if ((await lstat(file)).uid !== uid) return file
  return undefined
}

import { randomUUID } from 'node:crypto'
import { readlink, realpath, rm, stat } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { z } from 'zod'
import { CliError } from '../errors.ts'
import { type StateFile, stateFile } from '../system/state-file.ts'
import { storagePaths } from './paths.ts'

export const MARK_FILE = '.cpu-anomaly-storage'

/** Says that a storage folder is ours, and whose. */
const markSchema = z.object({
  tool: z.literal('cpu-anomaly'),
  format: z.literal(1),
  id: z.string(),
  /** The project folder. */
  folder: z.string(),
  /** The storage folder itself, and its inode: a folder that was moved keeps it, a copy does not. */
  storage: z.string().optional(),
  inode: z.string().optional(),
  /** The project folder's name when the storage was made: the names of Docker's volumes begin with it. */
  name: z.string().optional(),
})
export type StorageMark = Readonly<z.infer<typeof markSchema>>

const markFile = (root: string): StateFile<StorageMark> =>
  stateFile(
    join(root, MARK_FILE),
    markSchema,
    `It says whose data ${root} holds: restore it from a backup. To begin without these data, end what still runs (\`ps -ef\`, \`docker ps\` show it), then remove ${root}.`,
  )

/**
 * Undefined if the folder has no mark, so that nothing in it is ours.
 * @throws CliError STORAGE when the mark is damaged.
 */
export const readMark = (root: string): Promise<StorageMark | undefined> => markFile(root).read()

/** The id of a storage folder; undefined if it has no mark. */
export const readStorageId = async (root: string): Promise<string | undefined> => (await readMark(root))?.id

/** Marks a storage folder as this project's; one that was moved keeps its id and its name. */
export async function writeMark(root: string, folder: string, before?: StorageMark): Promise<void> {
  const old = before ?? (await readMark(root))
  const mark: StorageMark = {
    tool: 'cpu-anomaly',
    format: 1,
    id: old?.id ?? randomUUID(),
    folder,
    storage: await realpath(root),
    inode: await inodeOf(root),
    name: old?.name ?? basename(old?.folder ?? folder),
  }
  if (before || JSON.stringify(mark) !== JSON.stringify(old)) await markFile(root).write(mark)
}

async function inodeOf(path: string): Promise<string> {
  const { dev, ino } = await stat(path, { bigint: true })
  return `${dev}:${ino}`
}

export type Provenance =
  | { readonly kind: 'own' }
  /** The folder was moved or renamed: its former path is gone. */
  | { readonly kind: 'moved'; readonly from: string }
  /** The storage of another project folder, or a copy of it: both exist. */
  | { readonly kind: 'shared' | 'copied'; readonly from: string }
  /** Its former path is gone, but this is another folder: a copy whose original was renamed, or one moved to another disk. */
  | { readonly kind: 'unknown'; readonly from: string }

/**
 * Whose storage is in this project folder?
 * @throws CliError STORAGE when its mark is damaged.
 */
export async function provenance(root: string, folder: string): Promise<Provenance> {
  const mark = await readMark(root)
  if (!mark) return { kind: 'own' }
  const home = mark.storage ?? join(mark.folder, relative(folder, root))
  const from = mark.folder
  const inode = await inodeOf(root)
  if (await isSameFolder(root, home))
    return (await isOtherProject(from, folder)) ? { kind: 'shared', from } : { kind: 'own' }
  if ((await inodeOf(home).catch(() => undefined)) === inode) return { kind: 'own' } // the same folder, mounted twice
  if (await hasMark(home, mark.id)) return { kind: 'copied', from }
  return { kind: mark.inode === inode ? 'moved' : 'unknown', from }
}

const isSameFolder = async (here: string, there: string): Promise<boolean> =>
  (await realpath(here)) === (await realpath(there).catch(() => there))

/** Both folders have settings of their own: one names the other's storage, as a copied `.env` does. */
async function isOtherProject(owner: string, folder: string): Promise<boolean> {
  const real = (path: string) => realpath(path).catch(() => path)
  const hasSettings = (path: string) =>
    stat(join(path, '.env')).then(
      () => true,
      () => false,
    )
  if ((await real(owner)) === (await real(folder))) return false
  return (await hasSettings(owner)) && (await hasSettings(folder))
}

/** A folder that may not be read may well have it. */
const hasMark = (root: string, id: string): Promise<boolean> =>
  readMark(root).then(
    (mark) => mark?.id === id,
    () => true,
  )

/** @throws CliError OTHER_FOLDER when the storage is another folder's or a copy of it; STORAGE when its mark is damaged. */
export async function requireOwnStorage(root: string, folder: string): Promise<void> {
  const found = await provenance(root, folder)
  if (found.kind === 'shared')
    throw new CliError('OTHER_FOLDER', `${root} is the storage of ${found.from}, and this is ${folder}`, {
      hint: 'Run this command there, or set STORAGE_DIR to a folder of its own.',
    })
  if (found.kind === 'copied')
    throw new CliError('OTHER_FOLDER', `${folder} is a copy of ${found.from}, whose stack it would change`, {
      hint: `Run this command there. ${ADOPT_HINT}`,
    })
  if (found.kind === 'unknown')
    throw new CliError(
      'OTHER_FOLDER',
      `${folder} was moved from ${found.from} to another disk, or is a copy of it: its storage is not the folder that was there`,
      {
        hint: `If it was moved, \`cpu-anomaly up --moved\` keeps its stack and data. If it is a copy, its original has the stack. ${ADOPT_HINT}`,
      },
    )
}

const ADOPT_HINT =
  'To give the copy a stack of its own, set free ports in its .env and run `cpu-anomaly up --adopt`.'

/** Makes a copy independent: a new id, and no record of the original's processes. Data and checkpoint stay. */
export async function adoptCopy(root: string, folder: string): Promise<void> {
  const mark = await readMark(root)
  if (!mark) return
  await rm(storagePaths(root).run, { recursive: true, force: true })
  await writeMark(root, folder, { ...mark, id: randomUUID(), name: basename(folder) })
}

/** The project folder of a process that was started in its storage folder; undefined if it is not ours or not visible. */
export async function folderOfProcess(pid: number): Promise<string | undefined> {
  const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => undefined)
  const mark = cwd && (await readMark(cwd).catch(() => undefined))
  return mark ? mark.folder : undefined
}

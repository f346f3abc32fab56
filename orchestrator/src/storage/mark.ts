import { randomUUID } from 'node:crypto'
import { readFile, readlink, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { z } from 'zod'
import { CliError } from '../errors.ts'
import { parseJson } from '../system/json.ts'
import { storagePaths } from './paths.ts'

export const MARK_FILE = '.cpu-anomaly-storage'

/** Says that a storage folder is ours, and whose. */
const markSchema = z.object({
  tool: z.literal('cpu-anomaly'),
  format: z.literal(1),
  id: z.uuid(),
  /** The project folder. */
  folder: z.string(),
  /** The storage folder itself, and its inode: a folder that was moved keeps it, a copy does not. */
  storage: z.string().optional(),
  inode: z.string().optional(),
  /** The project folder's name when the storage was made: the names of Docker's volumes begin with it. */
  name: z.string().optional(),
})
export type StorageMark = Readonly<z.infer<typeof markSchema>>

/** Undefined if the folder has no mark, so that nothing in it is ours. */
export async function readMark(root: string): Promise<StorageMark | undefined> {
  const text = await readFile(join(root, MARK_FILE), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : markSchema.safeParse(parseJson(text)).data
}

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
  if (before || JSON.stringify(mark) !== JSON.stringify(old))
    await writeFile(join(root, MARK_FILE), `${JSON.stringify(mark)}\n`)
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

/** Whose storage is in this project folder? */
export async function provenance(root: string, folder: string): Promise<Provenance> {
  const mark = await readMark(root)
  if (!mark) return { kind: 'own' }
  const home = mark.storage ?? join(mark.folder, relative(folder, root))
  const here = await realpath(root)
  if (here === (await realpath(home).catch(() => home)))
    return (await isOtherProject(mark.folder, folder))
      ? { kind: 'shared', from: mark.folder }
      : { kind: 'own' }
  const isOriginalThere = await hasMark(home, mark.id)
  if (mark.inode === (await inodeOf(root)))
    return isOriginalThere ? { kind: 'own' } : { kind: 'moved', from: mark.folder } // the same folder, mounted twice
  return { kind: isOriginalThere ? 'copied' : 'moved', from: mark.folder }
}

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
async function hasMark(root: string, id: string): Promise<boolean> {
  try {
    return markSchema.safeParse(parseJson(await readFile(join(root, MARK_FILE), 'utf8'))).data?.id === id
  } catch (error) {
    return !['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')
  }
}

/** @throws CliError OTHER_FOLDER when the storage is another folder's or a copy of it. */
export async function requireOwnStorage(root: string, folder: string): Promise<Provenance> {
  const found = await provenance(root, folder)
  if (found.kind === 'shared')
    throw new CliError('OTHER_FOLDER', `${root} is the storage of ${found.from}, and this is ${folder}`, {
      hint: 'Run this command there, or set STORAGE_DIR to a folder of its own.',
    })
  if (found.kind === 'copied')
    throw new CliError('OTHER_FOLDER', `${folder} is a copy of ${found.from}, whose stack it would change`, {
      hint: `Run this command there. To give the copy a stack of its own, set free ports in its .env and run \`cpu-anomaly up --adopt\`; or remove ${root} to begin without data.`,
    })
  return found
}

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
  return cwd && (await readMark(cwd))?.folder
}

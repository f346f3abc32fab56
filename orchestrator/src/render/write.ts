import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CliError } from '../errors.ts'
import type { JobFile } from '../runtime/runtime.ts'

/** Names the files of a rendering: by it a folder is known to hold one. */
const LIST = '.cpu-anomaly-rendered'

/**
 * Writes files to a folder, from which the files of an earlier rendering are removed.
 * @throws CliError FILE_EXISTS when it holds others, unless `isForced`: then those stay.
 */
export async function writeRendering(
  folder: string,
  files: readonly JobFile[],
  isForced: boolean,
): Promise<void> {
  await makeFolder(folder)
  const earlier = await earlierFiles(folder)
  const names = await readdir(folder).catch(() => [])
  const ours = new Set([
    LIST,
    ...[...earlier, ...files.map(({ path }) => path)].map((path) => path.split('/')[0]),
  ])
  const others = earlier.length > 0 || names.length === 0 ? names.filter((name) => !ours.has(name)) : names
  if (others.length > 0 && !isForced)
    throw new CliError('FILE_EXISTS', `${folder} holds other files: ${others.slice(0, 5).join(', ')}`, {
      hint: 'Name a new folder, or add --force: then they stay, and only files of the same names are replaced.',
    })
  for (const path of earlier) await rm(join(folder, path), { force: true })
  for (const { path, text } of [...files, listOf(files)]) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}

/** @throws CliError FILE_EXISTS when something else has its name. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    if (!['EEXIST', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    throw new CliError('FILE_EXISTS', `${folder} is no folder, or lies in something that is none`, {
      hint: 'Name another folder.',
      cause: error,
    })
  }
}

const listOf = (files: readonly JobFile[]): JobFile => ({
  path: LIST,
  text: files.map(({ path }) => `${path}\n`).join(''),
})

/** Nothing outside of the folder, whatever a list says that somebody has written. */
async function earlierFiles(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, LIST), 'utf8').catch(() => '')
  return text
    .split('\n')
    .filter((path) => path !== '' && !path.startsWith('/') && !path.split('/').includes('..'))
}

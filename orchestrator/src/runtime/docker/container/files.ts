import { buffer } from 'node:stream/consumers'
import type Docker from 'dockerode'
import { extract, pack } from 'tar-stream'
import { isNotFound } from './inspect.ts'

export interface ContainerFile {
  /** Relative to the folder into which the file is put; without a leading slash. */
  readonly path: string
  /** Undefined for a folder. */
  readonly content?: string | Buffer
  readonly mode: number
  readonly uid: number
}

/** Puts files with owner and mode into a container, running or not. `docker inspect` does not show them. */
export async function putFiles(
  container: Docker.Container,
  dir: string,
  files: readonly ContainerFile[],
): Promise<void> {
  const archive = pack()
  for (const { path, content, mode, uid } of files) {
    const header = { name: path, mode, uid, gid: uid, mtime: new Date() }
    if (content === undefined) archive.entry({ ...header, type: 'directory' })
    else archive.entry(header, content)
  }
  archive.finalize()
  await container.putArchive(await buffer(archive), { path: dir })
}

/** The regular files at a path in a container, by name; undefined if the path does not exist. */
export async function getFiles(
  container: Docker.Container,
  path: string,
): Promise<Map<string, Buffer> | undefined> {
  let archive: NodeJS.ReadableStream
  try {
    archive = await container.getArchive({ path })
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
  const files = new Map<string, Buffer>()
  const reader = archive.pipe(extract())
  for await (const entry of reader) {
    const content = await buffer(entry)
    if (entry.header.type === 'file') files.set(entry.header.name.replace(/^.*\//, ''), content)
  }
  return files
}

/** The text of one file in a container; undefined if it does not exist. */
export async function readTextFile(container: Docker.Container, path: string): Promise<string | undefined> {
  const files = await getFiles(container, path)
  const [content] = files?.values() ?? []
  return content?.toString('utf8')
}

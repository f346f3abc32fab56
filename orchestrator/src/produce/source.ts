import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { CliError } from '../errors.ts'
import { notCsv } from './sample.ts'

const CHUNK_BYTES = 256 * 1024
const HEAD_BYTES = 4_096

/** Where bytes of CSV come from. */
export interface Source {
  readonly name: string
  /** Bytes in all; undefined where that is not known before the end. */
  readonly size: number | undefined
  /** The bytes from the beginning; a file can be read more than once. */
  read(): AsyncIterable<Buffer>
}

/**
 * A regular file, looked at before anything is sent.
 * @throws CliError USAGE that says what is wrong with it.
 */
export async function fileSource(path: string): Promise<Source> {
  const file = await openFile(path)
  const stats = await file.stat()
  // Opened again, a named pipe would wait for another writer: it is read where it is open, and closed at its end.
  if (!stats.isFile() && !stats.isDirectory())
    return streamSource(path, file.createReadStream({ highWaterMark: CHUNK_BYTES }))
  try {
    if (stats.isDirectory()) throw refused(path, 'it is a directory')
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    refuseHead(path, buffer.subarray(0, bytesRead))
    return {
      name: path,
      size: stats.size,
      read: () => createReadStream(path, { highWaterMark: CHUNK_BYTES }),
    }
  } finally {
    await file.close()
  }
}

/** Standard input or a pipe: read once, looked at as its first bytes come. */
export function streamSource(name: string, stream: AsyncIterable<Buffer>): Source {
  return { name, size: undefined, read: () => checked(name, stream) }
}

async function* checked(name: string, stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let isFirst = true
  for await (const chunk of stream) {
    if (isFirst) refuseHead(name, chunk.subarray(0, HEAD_BYTES))
    isFirst = false
    yield chunk
  }
  if (isFirst) refuseHead(name, Buffer.alloc(0))
}

function refuseHead(name: string, head: Buffer): void {
  const why = head.length === 0 ? 'it is empty' : notCsv(head)
  if (why) throw refused(name, why)
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = {
      ENOENT: 'there is no such file',
      EACCES: 'it is not readable by this user',
      EISDIR: 'it is a directory',
    }[code ?? '']
    throw refused(path, why ?? String(error))
  }
}

const refused = (name: string, why: string): CliError =>
  new CliError('USAGE', `cannot read samples from ${name}: ${why}`, {
    hint: 'Give a CSV file of time_millis,cpu, one sample a line, or - for standard input.',
  })

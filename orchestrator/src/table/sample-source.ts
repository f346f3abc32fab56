import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { CliError } from '../errors.ts'

const CHUNK_BYTES = 256 * 1024
const HEAD_BYTES = 4_096

/** Where the bytes of a CSV of samples come from. */
export interface SampleSource {
  readonly name: string
  /** Total number of bytes; undefined if it is not known before the end. */
  readonly size: number | undefined
  /** Reads from the beginning; a file can be read more than once. */
  read(): AsyncIterable<Buffer>
}

/**
 * Opens a file and checks its first bytes, before anything is sent.
 * @throws CliError USAGE that says why the file cannot be read as CSV.
 */
export async function fileSource(path: string): Promise<SampleSource> {
  const file = await openFile(path)
  const stats = await file.stat()
  // A named pipe that is opened again would wait for another writer, so this handle is read, and closed at its end.
  if (!stats.isFile() && !stats.isDirectory())
    return streamSource(path, file.createReadStream({ highWaterMark: CHUNK_BYTES }))
  try {
    if (stats.isDirectory()) throw unreadable(path, 'it is a folder')
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    requireCsv(path, buffer.subarray(0, bytesRead))
    return {
      name: path,
      size: stats.size,
      read: () => readAgain(path),
    }
  } finally {
    await file.close()
  }
}

/** @throws CliError USAGE for a file that has been removed since it was opened. */
async function* readAgain(path: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path, { highWaterMark: CHUNK_BYTES })
  } catch (error) {
    throw whyUnreadable(path, error)
  }
}

/** Standard input or a pipe: can be read once; its first bytes are checked when they arrive. */
export function streamSource(name: string, stream: AsyncIterable<Buffer>): SampleSource {
  return { name, size: undefined, read: () => readChecked(name, stream) }
}

async function* readChecked(name: string, stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let isFirst = true
  for await (const chunk of stream) {
    if (isFirst) requireCsv(name, chunk.subarray(0, HEAD_BYTES))
    isFirst = false
    yield chunk
  }
  if (isFirst) requireCsv(name, Buffer.alloc(0))
}

function requireCsv(name: string, head: Buffer): void {
  const why = head.length === 0 ? 'it is empty' : whyNotCsv(head)
  if (why) throw unreadable(name, why)
}

/** Explains why these first bytes cannot be those of a CSV file; undefined if they can. */
export function whyNotCsv(head: Uint8Array): string | undefined {
  const startsWith = (...bytes: number[]) => bytes.every((byte, index) => head[index] === byte)
  if (startsWith(0x1f, 0x8b))
    return 'it is compressed with gzip; unpack it: gunzip -c FILE | cpu-anomaly produce -'
  if (startsWith(0x50, 0x4b, 0x03, 0x04)) return 'it is a ZIP archive; unpack it first'
  if (startsWith(0x28, 0xb5, 0x2f, 0xfd))
    return 'it is compressed with zstd; unpack it: zstd -dc FILE | cpu-anomaly produce -'
  if (startsWith(0xff, 0xfe) || startsWith(0xfe, 0xff)) return 'it is UTF-16; save it as UTF-8'
  if (head.includes(0)) return 'it is binary, not CSV'
  return undefined
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (error) {
    throw whyUnreadable(path, error)
  }
}

function whyUnreadable(path: string, error: unknown): CliError {
  const { code } = error as NodeJS.ErrnoException
  const why = {
    ENOENT: 'there is no such file',
    EACCES: 'it is not readable by this user',
    EISDIR: 'it is a folder',
  }[code ?? '']
  return unreadable(path, why ?? String(error))
}

const unreadable = (name: string, why: string): CliError =>
  new CliError('USAGE', `cannot read samples from ${name}: ${why}`, {
    hint: 'Use a CSV file with a time and CPU usage on each line, or - for standard input.',
  })

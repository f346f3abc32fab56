import { constants, type Stats } from 'node:fs'
import { type FileHandle, open, readlink } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { CliError, errorMessage } from '../errors.ts'
import { type EnvText, parseEnvText } from './env-lines.ts'
import { exposedSecrets } from './exposed-secrets.ts'

const MAX_BYTES = 1_000_000
const CHUNK_BYTES = 65_536
const POLL_MS = 20

export interface ReadOptions {
  readonly signal?: AbortSignal
  /** How long to wait for the first writer of a pipe. One that is there may take its time, such as to ask for a password. */
  readonly writerMs?: number
}

/**
 * Reads a `.env` file or pipe; one that does not exist counts as empty, unless it is required.
 * @throws CliError CONFIGURATION when it cannot be read or cannot be a settings file; the signal's reason when it aborts.
 */
export async function readEnvFile(
  path: string,
  required: boolean,
  options: ReadOptions = {},
): Promise<EnvText> {
  const refuse: Refuse = (why, hint) => new CliError('CONFIGURATION', `${path}: ${why}`, { hint })
  try {
    const { bytes, info } = await readBytes(path, refuse, options)
    const text = parseEnvText(decode(bytes, refuse), path)
    return { ...text, warnings: [...text.warnings, ...exposedSecrets(path, text.values, info)] }
  } catch (error) {
    options.signal?.throwIfAborted()
    if (error instanceof CliError) throw error
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      const target = await readlink(path).catch(() => undefined)
      if (target !== undefined)
        throw refuse(
          `is a link to ${target}, which does not exist`,
          'Restore its target, or remove the link.',
        )
      if (!required) return { values: {}, problems: [], warnings: [] }
    }
    throw refuse(`cannot be read: ${errorMessage(error)}`, 'Check the path and its permissions.')
  }
}

type Refuse = (why: string, hint: string) => CliError

async function readBytes(
  path: string,
  refuse: Refuse,
  options: ReadOptions,
): Promise<{ bytes: Buffer; info: Stats }> {
  // A blocking open of a pipe without a writer would hold a thread that no signal ends.
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const info = await file.stat()
  if (info.isDirectory()) throw refuse('is a folder', 'Remove it, or name another file with --settings.')
  const bytes = await readAtMost(file, MAX_BYTES + 1, info.isFIFO() ? options : { ...options, writerMs: 0 })
  if (bytes.length > MAX_BYTES)
    throw refuse('is longer than 1 MB', 'A settings file is shorter: is this the right file?')
  if (bytes.length === 0 && info.isFIFO())
    throw refuse(
      'is a pipe into which nothing is written',
      'Start its writer. Node 20 itself reads the pipe of --env-file: use --settings instead.',
    )
  return { bytes, info }
}

/** The bytes of a file or pipe, but not more than `limit`: a pipe does not tell how many it has. */
async function readAtMost(
  file: FileHandle,
  limit: number,
  { signal, writerMs = 5_000 }: ReadOptions,
): Promise<Buffer> {
  const chunks: Buffer[] = []
  let total = 0
  const deadline = performance.now() + writerMs
  while (total < limit) {
    const chunk = await readChunk(file)
    const isAwaited =
      chunk === undefined || (chunk.length === 0 && total === 0 && performance.now() < deadline)
    if (isAwaited) await sleep(POLL_MS, undefined, { signal })
    else if (chunk.length === 0) break
    else {
      chunks.push(chunk)
      total += chunk.length
    }
  }
  return Buffer.concat(chunks)
}

/** Empty at the end, and while a pipe has no writer; undefined while its writer is silent. */
async function readChunk(file: FileHandle): Promise<Buffer | undefined> {
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(CHUNK_BYTES))
    return buffer.subarray(0, bytesRead)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined
    throw error
  }
}

function decode(bytes: Buffer, refuse: Refuse): string {
  const nul = bytes.indexOf(0)
  if (nul >= 0) throw refuse(`contains a NUL byte at offset ${nul}`, 'Save it as plain UTF-8 text.')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes) // removes a byte-order mark, too
  } catch {
    throw refuse('is not valid UTF-8', 'Save it as plain UTF-8 text.')
  }
}

import type { Stats } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { CliError, errorMessage } from '../errors.ts'
import { type EnvText, parseEnvText } from './env-lines.ts'
import { exposedSecrets } from './exposed-secrets.ts'

const MAX_BYTES = 1_000_000

/**
 * Reads a `.env` file or pipe; one that does not exist counts as empty, unless it is required.
 * @throws CliError CONFIGURATION when it cannot be read or cannot be a settings file.
 */
export async function readEnvFile(path: string, required: boolean): Promise<EnvText> {
  const refuse: Refuse = (why, hint) => new CliError('CONFIGURATION', `${path}: ${why}`, { hint })
  try {
    const { bytes, info } = await readBytes(path, refuse)
    const text = parseEnvText(decode(bytes, refuse), path)
    return { ...text, warnings: [...text.warnings, ...exposedSecrets(path, text.values, info)] }
  } catch (error) {
    if (error instanceof CliError) throw error
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !required)
      return { values: {}, problems: [], warnings: [] }
    throw refuse(`cannot be read: ${errorMessage(error)}`, 'Check the path and its permissions.')
  }
}

type Refuse = (why: string, hint: string) => CliError

async function readBytes(path: string, refuse: Refuse): Promise<{ bytes: Buffer; info: Stats }> {
  await using file = await open(path)
  const info = await file.stat()
  if (info.isDirectory()) throw refuse('is a folder', 'Remove it, or name another file with --settings.')
  const bytes = await readAtMost(file, MAX_BYTES + 1)
  if (bytes.length > MAX_BYTES)
    throw refuse('is longer than 1 MB', 'A settings file is shorter: is this the right file?')
  if (bytes.length === 0 && info.isFIFO())
    throw refuse('is an empty pipe', 'Node 20 itself reads the pipe of --env-file: use --settings instead.')
  return { bytes, info }
}

/** The bytes of a file or pipe, but not more than `limit`: a pipe does not tell how many it has. */
async function readAtMost(file: FileHandle, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let total = 0
  for await (const chunk of file.createReadStream({ end: limit - 1 }) as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    total += chunk.length
    if (total >= limit) break
  }
  return Buffer.concat(chunks)
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

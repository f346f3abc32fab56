import { readFile, stat } from 'node:fs/promises'
import { parse } from 'dotenv'
import { CliError, errorMessage } from '../errors.ts'

const MAX_BYTES = 1_000_000

export interface EnvFile {
  readonly values: Readonly<Record<string, string>>
  /** What is odd but can be lived with. */
  readonly warnings: readonly string[]
}

/**
 * Reads a `.env` file; one that does not exist is empty, unless it was asked for by name.
 * @throws CliError CONFIGURATION for what cannot be a settings file.
 */
export async function readEnvFile(path: string, required: boolean): Promise<EnvFile> {
  const refuse = (why: string, hint: string) => new CliError('CONFIGURATION', `${path}: ${why}`, { hint })
  let bytes: Buffer
  try {
    const info = await stat(path)
    if (!info.isFile()) throw refuse('is not a file', 'Remove it, or name another file with --env-file.')
    if (info.size > MAX_BYTES)
      throw refuse(`is ${info.size} bytes long`, 'A settings file has less than 1 MB: is it the right file?')
    bytes = await readFile(path)
  } catch (error) {
    if (error instanceof CliError) throw error
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !required) return { values: {}, warnings: [] }
    throw refuse(`cannot be read: ${errorMessage(error)}`, 'Check the path and its permissions.')
  }
  return parseEnvText(decode(bytes, refuse), path)
}

function decode(bytes: Buffer, refuse: (why: string, hint: string) => CliError): string {
  const nul = bytes.indexOf(0)
  if (nul >= 0) throw refuse(`has a NUL byte at offset ${nul}`, 'Save it as plain UTF-8 text.')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes) // takes a byte-order mark away
  } catch {
    throw refuse('is not valid UTF-8', 'Save it as plain UTF-8 text.')
  }
}

/** The settings in the text of a `.env` file; the last of two lines for one key counts, with a warning. */
export function parseEnvText(text: string, path: string): EnvFile {
  const lines = text.replace(/\r\n?/g, '\n')
  const seen = new Map<string, number>()
  const warnings: string[] = []
  for (const [index, line] of lines.split('\n').entries()) {
    const key = line.match(/^\s*(?:export\s+)?([\w.-]+)\s*=/)?.[1]
    if (!key) continue
    const before = seen.get(key)
    if (before !== undefined)
      warnings.push(`${path}: ${key} stands in line ${before} and in line ${index + 1}; the last one counts`)
    seen.set(key, index + 1)
  }
  return { values: parse(lines), warnings }
}

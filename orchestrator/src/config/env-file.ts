import { readFile, stat } from 'node:fs/promises'
import { parse } from 'dotenv'
import { CliError, errorMessage } from '../errors.ts'

const MAX_BYTES = 1_000_000

export interface EnvFile {
  readonly values: Readonly<Record<string, string>>
  /** What is odd but does no harm. */
  readonly warnings: readonly string[]
}

/**
 * Reads a `.env` file; one that does not exist counts as empty, unless it is required.
 * @throws CliError CONFIGURATION when it cannot be read or cannot be a settings file.
 */
export async function readEnvFile(path: string, required: boolean): Promise<EnvFile> {
  const refuse = (why: string, hint: string) => new CliError('CONFIGURATION', `${path}: ${why}`, { hint })
  let bytes: Buffer
  try {
    const info = await stat(path)
    if (!info.isFile()) throw refuse('is not a file', 'Remove it, or name another file with --env-file.')
    if (info.size > MAX_BYTES)
      throw refuse(
        `is ${info.size} bytes long`,
        'A settings file is smaller than 1 MB: is this the right file?',
      )
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
  if (nul >= 0) throw refuse(`contains a NUL byte at offset ${nul}`, 'Save it as plain UTF-8 text.')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes) // removes a byte-order mark, too
  } catch {
    throw refuse('is not valid UTF-8', 'Save it as plain UTF-8 text.')
  }
}

/** The settings in the text of a `.env` file. If a key is set twice, the last line counts, with a warning. */
export function parseEnvText(text: string, path: string): EnvFile {
  const lines = text.replace(/\r\n?/g, '\n')
  const lineOf = new Map<string, number>()
  const warnings: string[] = []
  for (const [index, line] of lines.split('\n').entries()) {
    const key = line.match(/^\s*(?:export\s+)?([\w.-]+)\s*=/)?.[1]
    if (!key) continue
    const before = lineOf.get(key)
    if (before !== undefined)
      warnings.push(
        `${path}: ${key} is set on line ${before} and again on line ${index + 1}; the last one counts`,
      )
    lineOf.set(key, index + 1)
  }
  return { values: parse(lines), warnings }
}

import { createHash } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { CliError, errorMessage } from '../errors.ts'
import { type Baseline, firstLine, HEADER, type Normal } from './baseline.ts'
import { csvField } from './csv-rows.ts'
import { parseBaseline } from './parse.ts'

export interface BaselineFile extends Baseline {
  /** The content that was checked. */
  readonly text: string
  /** Of the file's bytes. */
  readonly sha256: string
}

const MAX_DETAILS = 10
const ROWS_PER_WRITE = 10_000

export const readBaseline = async (path: string): Promise<Baseline> => readBaselineFile(path)

/** @throws CliError CONFIGURATION when there is no such file, or it is not a baseline: with each line that is wrong. */
export async function readBaselineFile(path: string): Promise<BaselineFile> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  const text = decode(bytes, path)
  const { timezone, normals, problems } = parseBaseline(text)
  if (problems.length > 0) throw notABaseline(path, problems)
  return { timezone, normals, text, sha256: createHash('sha256').update(bytes).digest('hex') }
}

/** Replaces the file as a whole: a reader sees the old or the new one, never half of it. */
export async function writeBaseline(path: string, { timezone, normals }: Baseline): Promise<void> {
  const partial = `${path}.${process.pid}.part`
  try {
    const file = await open(partial, 'w')
    try {
      await file.write(`${firstLine(timezone)}\n${HEADER.join()}\n`)
      for (let at = 0; at < normals.length; at += ROWS_PER_WRITE)
        await file.write(
          normals
            .slice(at, at + ROWS_PER_WRITE)
            .map(rowOf)
            .join(''),
        )
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true })
    throw new CliError('STORAGE', `the baseline ${path} cannot be written: ${errorMessage(error)}`, {
      hint: 'Name a file in a folder that exists and that you may write to.',
      cause: error,
    })
  }
}

const rowOf = ({ series, hourOfWeek, mean, stddev }: Normal): string =>
  `${[csvField(series ?? ''), hourOfWeek ?? '', mean, stddev].join()}\n`

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw notABaseline(path, ['it is not UTF-8'])
  }
}

function notABaseline(path: string, problems: readonly string[]): CliError {
  const rest = problems.length - MAX_DETAILS
  return new CliError('CONFIGURATION', `${path} is not a baseline that can be used`, {
    details: [...problems.slice(0, MAX_DETAILS), ...(rest > 0 ? [`and ${rest} more`] : [])],
    hint: 'Mend the file (BASELINE_FILE); docs/reference.md describes it.',
  })
}

function unreadable(path: string, error: unknown): CliError {
  const { code } = error as NodeJS.ErrnoException
  const what =
    {
      ENOENT: 'there is no such file',
      ENOTDIR: 'there is no such file',
      EISDIR: 'it is a folder',
      EACCES: 'you may not read it',
    }[code ?? ''] ?? errorMessage(error)
  return new CliError('CONFIGURATION', `the baseline ${path} cannot be read: ${what}`, {
    hint: 'Set BASELINE_FILE to a file that exists (relative paths begin in the project folder), or leave it empty.',
    cause: error,
  })
}

import { readFile } from 'node:fs/promises'

/** The settings that a script printed to a file, as they are written in `.env`. */
export async function printedSettings(file: string): Promise<Record<string, string>> {
  const lines = (await readFile(file, 'utf8')).trim().split('\n')
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
}

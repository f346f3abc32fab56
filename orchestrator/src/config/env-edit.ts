import { chmod, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CliError, errorMessage } from '../errors.ts'
import type { Config } from './config.ts'
import { envExample } from './env-example.ts'
import { envLine, parseEnvText } from './env-lines.ts'
import type { SettingKey } from './settings.ts'

export type NewValues = Readonly<Partial<Record<SettingKey, string>>>

export interface Change {
  readonly key: string
  readonly from: string
  readonly to: string
}

// It may hold KAFKA_PASSWORD.
const OWNER_ONLY = 0o600

/**
 * Requires that a value in `.env` would count.
 * @throws CliError CONFIGURATION when a flag or the environment overrides it, or the settings come from another file.
 */
export function requireEnvCounts({ resolved }: Config, keys: readonly SettingKey[]): void {
  const refuse = (why: string, hint: string) =>
    new CliError('CONFIGURATION', `nothing was written: ${why}`, { hint })
  for (const { key, origin } of resolved.filter((setting) =>
    (keys as readonly string[]).includes(setting.key),
  )) {
    if (origin === 'flag') throw refuse(`--set ${key} overrides .env`, 'Leave it out.')
    if (origin === 'environment')
      throw refuse(`the environment variable ${key} overrides .env`, `Remove it: \`unset ${key}\`.`)
  }
  if (resolved.some(({ origin }) => origin === '--settings'))
    throw refuse('the settings are those of another file (--settings)', 'Write them into that file by hand.')
}

/**
 * Sets values in the folder's `.env`, and changes nothing else in it; makes the file if there is none. Whoever reads it
 * meanwhile sees the old file or the new one.
 * @throws CliError STORAGE when it cannot be written; CONFIGURATION when it cannot be changed safely.
 */
export async function setInEnv(folder: string, values: NewValues, before: Config): Promise<Change[]> {
  const file = join(folder, '.env')
  try {
    const target = await realpath(file).catch(() => undefined) // a link stays one
    const text =
      target === undefined
        ? envExample(definedOf(values))
        : edited(await readFile(target, 'utf8'), values, file)
    const mode = target === undefined ? OWNER_ONLY : (await stat(target)).mode & 0o777
    await replace(target ?? file, text, mode)
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError('STORAGE', `cannot write ${file}: ${errorMessage(error)}`, {
      hint: 'Check its permissions, and those of its folder.',
      cause: error,
    })
  }
  const old = (key: string) => before.resolved.find((setting) => setting.key === key)?.value ?? ''
  return Object.entries(definedOf(values)).map(([key, to]) => ({ key, from: old(key), to }))
}

async function replace(file: string, text: string, mode: number): Promise<void> {
  const partial = `${file}.${process.pid}.part`
  try {
    await writeFile(partial, text, { mode })
    await chmod(partial, mode) // the umask may have taken from it
    await rename(partial, file)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}

const definedOf = (values: NewValues): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )

/**
 * The text with these values: in the last line that sets a key, else below the comment that shows its default, else at
 * the end.
 * @throws CliError CONFIGURATION when the text would then set something else as well.
 */
export function edited(text: string, values: NewValues, path: string): string {
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const after = Object.entries(definedOf(values)).reduce(
    (lines, [key, value]) => withValue(lines, key, value),
    text.split(/\r?\n/),
  )
  const changed = after.join(newline)
  const [old, now] = [parseEnvText(text, path).values, parseEnvText(changed, path).values]
  if (JSON.stringify(sorted({ ...old, ...definedOf(values) })) === JSON.stringify(sorted(now))) return changed
  throw new CliError(
    'CONFIGURATION',
    `${path} was not changed: it is written in a way that this command cannot change`,
    {
      hint: `Set these values by hand:\n${Object.entries(definedOf(values))
        .map(([key, value]) => `${key}=${value}`)
        .join('\n')}`,
    },
  )
}

const sorted = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1))

function withValue(lines: readonly string[], key: string, value: string): string[] {
  const line = envLine(key, value) ?? `${key}=${value}`
  const at = lines.findLastIndex((each) => assignment(key).test(each))
  const set = lines[at]
  if (set !== undefined) {
    const [, indent = '', comment = ''] = set.match(assignment(key)) ?? []
    return lines.with(at, `${indent}${line}${comment}`)
  }
  const shown = lines.findLastIndex((each) => new RegExp(`^\\s*#\\s*${key}\\s*=`).test(each))
  if (shown >= 0) return lines.toSpliced(shown + 1, 0, line)
  return lines.at(-1) === '' ? lines.toSpliced(-1, 0, line) : [...lines, line, '']
}

// A value in quotes of one of three kinds, or without.
const QUOTED = ['\x27', '\x22', '\x60'].map((quote) => `${quote}[^${quote}]*${quote}`).join('|')

/** What precedes the key, and a comment behind a value. */
const assignment = (key: string) =>
  new RegExp(`^(\\s*(?:export\\s+)?)${key}(?:\\s*=|:\\s)\\s*(?:${QUOTED}|[^#]*?)?(\\s*#.*)?$`)

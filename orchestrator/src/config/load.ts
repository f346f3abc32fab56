import { resolve } from 'node:path'
import { CliError } from '../errors.ts'
import { checkStorageDir } from '../storage/storage-folder.ts'
import { escapeControls } from '../terminal/text.ts'
import type { Config, Origin } from './config.ts'
import { readEnvFile } from './env-file.ts'
import { withOrigin } from './origin.ts'
import {
  almostSettings,
  parseOverrides,
  resolveSettings,
  unknownKeys,
  unknownKeysLikeOurs,
} from './resolve.ts'
import { checkRules } from './rules.ts'
import { parseSettings, toConfig } from './to-config.ts'

export interface LoadOptions {
  readonly folder: string
  readonly envFile: string | undefined
  readonly readFile?: typeof readEnvFile
  /** `KEY=value`, from `--set`. */
  readonly overrides: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly warn: (line: string) => void
}

/**
 * Resolves every setting (flag > environment > `.env` > default), parses and checks it.
 * @throws CliError CONFIGURATION that lists every problem, one per line.
 */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  const path = resolve(options.folder, options.envFile ?? '.env')
  const file = await (options.readFile ?? readEnvFile)(path, options.envFile !== undefined)
  const overrides = parseOverrides(options.overrides)
  const resolved = resolveSettings([
    ['flag', overrides.values],
    ['environment', options.environment],
    [options.envFile === undefined ? '.env' : '--env-file', file.values],
  ])
  const { values, invalid, problems: invalidValues } = parseSettings(resolved)
  const config = toConfig(values, resolved, options.folder)
  const findings = checkRules(config)
  const storageProblems = await checkStorageDir(config.storageDir, config.folder)
  // A rule about a value that does not parse is left out: it has checked the default instead.
  const concernsInvalid = (problem: string) => invalid.some((key) => new RegExp(`\\b${key}\\b`).test(problem))
  const problems = [
    ...overrides.problems,
    ...unknownKeys(overrides.values, '--set'),
    ...unknownKeysLikeOurs(file.values, path),
    ...file.problems,
    ...[
      ...invalidValues,
      ...[...findings.problems, ...storageProblems].filter((problem) => !concernsInvalid(problem)),
    ].map((problem) => withOrigin(problem, resolved)),
  ]
  refuse(problems)
  const warnings = [...file.warnings, ...almostSettings(options.environment), ...findings.warnings]
  for (const warning of warnings) options.warn(escapeControls(warning))
  return config
}

function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return
  throw new CliError('CONFIGURATION', problems.map(escapeControls).join('\n'), {
    hint: 'Nothing was started. `cpu-anomaly init` writes all settings with their defaults to .env.',
  })
}

/**
 * The settings of `--set`, each of which must be known and parse.
 * @throws CliError CONFIGURATION that lists every problem, one per line.
 */
export function checkOverrides(overrides: readonly string[]): Readonly<Record<string, string>> {
  const { values, problems } = parseOverrides(overrides)
  refuse([
    ...problems,
    ...unknownKeys(values, '--set'),
    ...parseSettings(resolveSettings([['flag', values]])).problems,
  ])
  return values
}

/** The same settings, except for these values, which are in force already: no problem of theirs is reported. */
export function configWith(config: Config, values: Readonly<Record<string, string>>, origin: Origin): Config {
  const resolved = config.resolved.map((setting) => {
    const value = values[setting.key]
    return value === undefined ? setting : { ...setting, value, origin }
  })
  return toConfig(parseSettings(resolved).values, resolved, config.folder)
}

export interface MaskedSetting {
  readonly key: string
  readonly value: string
  readonly origin: Origin
}

/** Every setting as text, with secrets masked, to show it to the user. */
export function maskedSettings(config: Config): readonly MaskedSetting[] {
  return config.resolved.map(({ key, value, origin, secret }) => ({
    key,
    value: secret && value !== '' ? '***' : value,
    origin,
  }))
}

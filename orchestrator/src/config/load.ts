import { resolve } from 'node:path'
import { CliError } from '../errors.ts'
import { checkStorageDir } from '../storage/storage-folder.ts'
import { escapeControls } from '../terminal/text.ts'
import type { Config, Origin, ResolvedSetting } from './config.ts'
import { readEnvFile } from './env-file.ts'
import { almostSettings, cutOffKeys, passEnvWarnings, unknownKeys, unknownKeysLikeOurs } from './near-keys.ts'
import { names, withOrigin } from './origin.ts'
import { parseOverrides, resolveSettings } from './resolve.ts'
import { checkRules, type Findings } from './rules.ts'
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
    [options.envFile === undefined ? '.env' : '--settings', file.values],
  ])
  const checked = await checkSettings(resolved, options.folder)
  const problems = [
    ...overrides.problems,
    ...unknownKeys(overrides.values, '--set'),
    ...unknownKeysLikeOurs(file.values, path),
    ...file.problems,
    ...checked.problems.map((problem) => withOrigin(problem, resolved)),
  ]
  refuse(problems)
  const warnings = [
    ...file.warnings,
    ...cutOffKeys(file.values, path),
    ...almostSettings(options.environment),
    ...passEnvWarnings(file.values, path, options.environment),
    ...checked.warnings,
  ]
  for (const warning of warnings) options.warn(escapeControls(warning))
  return checked.config
}

interface Checked extends Findings {
  readonly config: Config
}

/** The typed settings, with every problem of their values, of the rules, and of the storage folder. */
async function checkSettings(resolved: readonly ResolvedSetting[], folder: string): Promise<Checked> {
  const { values, invalid, problems } = parseSettings(resolved)
  const config = toConfig(values, resolved, folder)
  const findings = checkRules(config)
  const further = [...findings.problems, ...(await checkStorageDir(config.storageDir, config.folder))]
  // A rule about a value that does not parse is left out: it has checked the default instead.
  const sound = further.filter((problem) => !invalid.some((key) => names(problem, key)))
  return { config, problems: [...problems, ...sound], warnings: findings.warnings }
}

function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return
  throw new CliError('CONFIGURATION', problems.map(escapeControls).join('\n'), {
    hint: 'Nothing was started or stopped. `cpu-anomaly init` writes all settings with their defaults to .env.',
  })
}

/**
 * The settings of `--set`, which must be such that a command would accept them in this folder; what is wrong with other
 * settings does not matter.
 * @throws CliError CONFIGURATION that lists every problem, one per line.
 */
export async function checkOverrides(
  overrides: readonly string[],
  { folder, environment }: Pick<LoadOptions, 'folder' | 'environment'>,
): Promise<Readonly<Record<string, string>>> {
  const { values, problems } = parseOverrides(overrides)
  const checked = await checkSettings(
    resolveSettings([
      ['flag', values],
      ['environment', environment],
    ]),
    folder,
  )
  const concerned = checked.problems.filter((problem) =>
    Object.keys(values).some((key) => names(problem, key)),
  )
  refuse([...problems, ...unknownKeys(values, '--set'), ...concerned])
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

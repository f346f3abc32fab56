import type { Config } from '../config/config.ts'
import { readEnvFile } from '../config/env-file.ts'
import { loadConfig } from '../config/load.ts'
import { CliError } from '../errors.ts'
import { selectRuntime, startedRuntime } from '../stack/select.ts'
import { type Output, terminalOutput } from '../terminal/output.ts'
import type { CommandContext } from './command.ts'

export interface GlobalFlags {
  readonly settings?: string
  /** An older name of `settings`. */
  readonly envFile?: string
  readonly quiet?: boolean
  readonly set?: readonly string[]
}

export function commandContext(flags: GlobalFlags, signal: AbortSignal): CommandContext {
  return contextWith(flags, terminalOutput(flags.quiet), signal, readOnce())
}

/** Reads the file only once, because a pipe is empty after that. */
function readOnce(): typeof readEnvFile {
  let file: ReturnType<typeof readEnvFile> | undefined
  return (path, required) => {
    file ??= readEnvFile(path, required)
    return file
  }
}

/** @throws CliError USAGE when both flags name a file. */
function settingsFile({ settings, envFile }: GlobalFlags): string | undefined {
  if (settings === undefined || envFile === undefined) return settings ?? envFile
  throw new CliError('USAGE', '--settings and --env-file both name a file', {
    hint: 'Use one of them: they mean the same.',
  })
}

function contextWith(
  flags: GlobalFlags,
  output: Output,
  signal: AbortSignal,
  readFile: typeof readEnvFile,
): CommandContext {
  let loaded: Promise<Config> | undefined
  const config = () => {
    loaded ??= loadConfig({
      folder: process.cwd(),
      envFile: settingsFile(flags),
      readFile,
      overrides: flags.set ?? [],
      environment: process.env,
      warn: output.warn,
    })
    return loaded
  }
  return {
    output,
    signal,
    config,
    select: async () => selectRuntime(await config()),
    selectStarted: async () => startedRuntime(await config()),
    withSettings: (overrides) =>
      contextWith({ ...flags, set: [...(flags.set ?? []), ...overrides] }, output, signal, readFile),
  }
}

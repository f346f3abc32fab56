import type { Config } from '../config/config.ts'
import { readEnvFile } from '../config/env-file.ts'
import { loadConfig } from '../config/load.ts'
import { findProjectFolder } from '../config/project-folder.ts'
import { workingFolder } from '../config/working-folder.ts'
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
  const output = terminalOutput(flags.quiet)
  return contextWith(flags, {
    output,
    signal,
    folder: once(() => projectFolder(flags, output)),
    readFile: readOnce(signal),
  })
}

const SILENT = { note: () => undefined, warn: () => undefined }

/** What all contexts of a command share. */
interface Common {
  readonly output: Output
  readonly signal: AbortSignal
  readonly folder: () => Promise<string>
  readonly readFile: typeof readEnvFile
}

/** Reads the file only once, because a pipe is empty after that. */
function readOnce(signal: AbortSignal): typeof readEnvFile {
  let file: ReturnType<typeof readEnvFile> | undefined
  return (path, required) => {
    file ??= readEnvFile(path, required, { signal })
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

function contextWith(flags: GlobalFlags, common: Common): CommandContext {
  const { output, signal } = common
  const config = once(
    async (): Promise<Config> =>
      loadConfig({
        folder: await common.folder(),
        envFile: settingsFile(flags),
        readFile: common.readFile,
        overrides: flags.set ?? [],
        environment: process.env,
        warn: output.warn,
      }),
  )
  return {
    output,
    signal,
    config,
    select: async (applies) => selectRuntime(await config(), { ...output, applies }),
    selectAgain: async () => selectRuntime(await config(), SILENT),
    // `stop` and `down` deal with what runs, whatever the settings are now.
    selectStarted: async () => startedRuntime(await config(), { ...SILENT, applies: 'job' }),
    withSettings: (overrides) => contextWith({ ...flags, set: [...(flags.set ?? []), ...overrides] }, common),
  }
}

/** Settings that the command line names belong to the working folder. */
async function projectFolder(flags: GlobalFlags, output: Output): Promise<string> {
  const cwd = workingFolder()
  if (settingsFile(flags) !== undefined) return cwd
  const folder = await findProjectFolder(cwd, output.warn)
  if (folder !== cwd) output.note(`Project: ${folder}`)
  return folder
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

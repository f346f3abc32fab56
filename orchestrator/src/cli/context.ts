import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { findProjectFolder } from '../config/project-folder.ts'
import { selectRuntime, startedRuntime } from '../stack/select.ts'
import { type Output, terminalOutput } from '../terminal/output.ts'
import type { CommandContext } from './command.ts'

export interface GlobalFlags {
  readonly envFile?: string
  readonly quiet?: boolean
  readonly set?: readonly string[]
}

export function commandContext(flags: GlobalFlags, signal: AbortSignal): CommandContext {
  const output = terminalOutput(flags.quiet)
  return contextWith(flags, { output, signal, folder: once(() => projectFolder(flags, output)) })
}

const SILENT = { note: () => undefined, warn: () => undefined }

/** What all contexts of a command share. */
interface Common {
  readonly output: Output
  readonly signal: AbortSignal
  readonly folder: () => Promise<string>
}

function contextWith(flags: GlobalFlags, common: Common): CommandContext {
  const { output, signal } = common
  const config = once(
    async (): Promise<Config> =>
      loadConfig({
        folder: await common.folder(),
        envFile: flags.envFile,
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
    // `stop` and `down` deal with what runs, whatever the settings are now.
    selectStarted: async () => startedRuntime(await config(), { ...SILENT, applies: 'job' }),
    withSettings: (overrides) => contextWith({ ...flags, set: [...(flags.set ?? []), ...overrides] }, common),
  }
}

/** Settings that the command line names belong to the working folder. */
async function projectFolder({ envFile }: GlobalFlags, output: Output): Promise<string> {
  const cwd = process.cwd()
  if (envFile !== undefined) return cwd
  const folder = await findProjectFolder(cwd)
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

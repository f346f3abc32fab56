import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { selectRuntime, startedRuntime } from '../stack/select.ts'
import { type Output, terminalOutput } from '../terminal/output.ts'
import type { CommandContext } from './command.ts'

export interface GlobalFlags {
  readonly envFile?: string
  readonly quiet?: boolean
  readonly set?: readonly string[]
}

export function commandContext(flags: GlobalFlags, signal: AbortSignal): CommandContext {
  return contextWith(flags, terminalOutput(flags.quiet), signal)
}

function contextWith(flags: GlobalFlags, output: Output, signal: AbortSignal): CommandContext {
  let loaded: Promise<Config> | undefined
  const config = () => {
    loaded ??= loadConfig({
      folder: process.cwd(),
      envFile: flags.envFile,
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
      contextWith({ ...flags, set: [...(flags.set ?? []), ...overrides] }, output, signal),
  }
}

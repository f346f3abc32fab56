import type { CommandContext } from './command.ts'
import type { Config } from './config/config.ts'
import { loadConfig } from './config/load.ts'
import { type Output, terminalOutput } from './output.ts'

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
  return {
    output,
    signal,
    config: () => {
      loaded ??= loadConfig({
        folder: process.cwd(),
        envFile: flags.envFile,
        overrides: flags.set ?? [],
        environment: process.env,
        warn: output.warn,
      })
      return loaded
    },
    withSettings: (overrides) =>
      contextWith({ ...flags, set: [...(flags.set ?? []), ...overrides] }, output, signal),
  }
}

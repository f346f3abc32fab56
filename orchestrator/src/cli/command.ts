import type { Config } from '../config/config.ts'
import type { Selected } from '../runtime/places.ts'
import type { Applies } from '../stack/in-force.ts'
import type { Output } from '../terminal/output.ts'

/** What every command gets in addition to its own arguments and flags. */
export interface CommandContext {
  readonly output: Output
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  /**
   * Reads, parses and checks the settings.
   * @throws CliError CONFIGURATION that lists every problem.
   */
  config(): Promise<Config>
  /**
   * The runtime to use: the one that this folder's stack is up on, else the one that RUNTIME names. Its settings are those
   * that the running stack and job were started with, except for what this command brings into force.
   */
  select(applies?: Applies): Promise<Selected>
  /** What `select` returns now, after a later `up` or `submit` too. Says nothing of settings that are not in force. */
  selectAgain(): Promise<Selected>
  /** The runtime on which this folder's stack was last started; undefined if it never was. */
  selectStarted(): Promise<Selected | undefined>
  /** A copy with further settings (`KEY=value`), which override all others. */
  withSettings(overrides: readonly string[]): CommandContext
}

/** A command module exports this as `run`; `Flags` are commander's camel-cased long options. */
export type CommandRun<Flags> = (
  context: CommandContext,
  args: readonly string[],
  flags: Flags,
) => Promise<void>

export interface FlagSpec {
  /** In commander's notation: `--limit <n>`. */
  readonly flags: string
  readonly summary: string
  readonly parse?: (value: string) => unknown
}

export interface CommandSpec {
  readonly name: string
  readonly summary: string
  readonly args?: readonly { readonly name: string; readonly summary: string }[]
  /** The command itself refuses more arguments, and says why. */
  readonly refusesExcess?: true
  readonly flags?: readonly FlagSpec[]
  readonly examples: readonly string[]
  // biome-ignore lint/suspicious/noExplicitAny: each module types its own flags; commander passes them untyped
  readonly load: () => Promise<{ readonly run: CommandRun<any> }>
}

import type { Config } from '../config/config.ts'
import type { Selected } from '../runtime/runtime.ts'
import type { Output } from '../terminal/output.ts'

/** What every command gets beside its own arguments and flags. */
export interface CommandContext {
  readonly output: Output
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  /** Reads, parses and checks the settings; throws one CliError that lists every problem. */
  config(): Promise<Config>
  /** The runtime to work with: the one this folder is up on, else what RUNTIME says. */
  select(): Promise<Selected>
  /** The runtime that this folder last started something on; undefined when it never did. */
  started(): Promise<Selected | undefined>
  /** The same with further settings (`KEY=value`), which go over all others. */
  withSettings(overrides: readonly string[]): CommandContext
}

/** A command module exports this as `run`; `Flags` are commander's camel-cased long options. */
export type CommandRun<Flags> = (
  context: CommandContext,
  args: readonly string[],
  flags: Flags,
) => Promise<void>

export interface FlagSpec {
  /** As commander writes it: `--rate <rows/s>`. */
  readonly flags: string
  readonly summary: string
  readonly parse?: (value: string) => unknown
  readonly choices?: readonly string[]
}

export interface CommandSpec {
  readonly name: string
  readonly summary: string
  readonly args?: readonly { readonly name: string; readonly summary: string }[]
  readonly flags?: readonly FlagSpec[]
  readonly examples: readonly string[]
  // biome-ignore lint/suspicious/noExplicitAny: each module types its own flags; commander hands them over untyped
  readonly load: () => Promise<{ readonly run: CommandRun<any> }>
}

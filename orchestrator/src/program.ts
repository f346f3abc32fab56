import { Command, Option } from 'commander'
import type { CommandSpec, FlagSpec } from './cli/command.ts'
import { COMMANDS } from './commands/table.ts'
import { version } from './package/package-json.ts'

/** Every command accepts any setting as a flag, which overrides the environment and `.env`: see `stack/in-force.ts`. */
const SETTING_FLAG: FlagSpec = {
  flags: '--set <KEY=value>',
  summary:
    'override a setting for this command; a running stack and job keep theirs, with a warning; may be repeated (see `cpu-anomaly config`)',
  // Not commander's variadic option, which would swallow the arguments that follow it.
  parse: (value: string, before: readonly string[] = []) => [...before, value],
}

export function buildProgram(signal: AbortSignal): Command {
  const program = new Command('cpu-anomaly')
    .description('CPU anomaly detection with real Apache Spark Structured Streaming on real Apache Kafka')
    .version(version(), '-V, --version')
    .option('--settings <file>', 'read settings from this file or pipe instead of ./.env')
    .option('--env-file <file>', 'the same; but Node 20 looks for this file itself, before this program runs')
    .option('--debug', 'show stack traces')
    .option('--quiet', 'no progress, only results, warnings and errors')
    .showSuggestionAfterError()
    .showHelpAfterError('(try --help)')
    .exitOverride()
    .addHelpText(
      'after',
      '\nExamples:\n  $ npx cpu-anomaly up\n  $ npx cpu-anomaly submit\n  $ npx cpu-anomaly tail anomaly\n  $ npx cpu-anomaly down\n',
    )
  for (const spec of COMMANDS) program.addCommand(buildCommand(spec, program, signal))
  return program
}

function buildCommand(spec: CommandSpec, program: Command, signal: AbortSignal): Command {
  const command = new Command(spec.name)
    .description(spec.summary)
    .allowExcessArguments(spec.refusesExcess === true)
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError(`(try cpu-anomaly ${spec.name} --help)`)
    .addHelpText('after', `\nExamples:\n${spec.examples.map((example) => `  $ ${example}`).join('\n')}\n`)
  for (const arg of spec.args ?? []) command.argument(arg.name, arg.summary)
  for (const flag of [...(spec.flags ?? []), SETTING_FLAG]) command.addOption(toOption(flag))
  return command.action(async () => {
    const [{ run }, { commandContext }] = await Promise.all([spec.load(), import('./cli/context.ts')])
    const context = commandContext({ ...program.opts(), ...command.opts() }, signal)
    await run(context, command.args, command.opts())
  })
}

function toOption(flag: FlagSpec): Option {
  const option = new Option(flag.flags, flag.summary)
  if (flag.parse) option.argParser(flag.parse)
  return option
}

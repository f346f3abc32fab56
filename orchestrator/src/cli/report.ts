import { CommanderError } from 'commander'
import { CliError } from '../errors.ts'
import { issuesUrl } from '../package/package-json.ts'
import { ReaderGone } from '../terminal/closed-pipe.ts'
import { colors } from '../terminal/colors.ts'
import { escapeControls } from '../terminal/text.ts'

/** The only place that prints an error: what went wrong, the evidence, the way out. */
export function printError(error: unknown, debug: boolean): void {
  if (error instanceof CommanderError || error instanceof ReaderGone) return // printed by commander; nobody reads
  const write = (line: string) => process.stderr.write(`${line}\n`)
  if (error instanceof CliError) {
    for (const line of error.message.split('\n')) write(`${colors.red('error:')} ${escapeControls(line)}`)
    for (const line of error.details) write(colors.dim(`  │ ${escapeControls(line)}`))
    for (const line of error.hint?.split('\n') ?? []) write(`${colors.cyan('→')} ${escapeControls(line)}`)
    if (debug) console.error(error)
    return
  }
  write(
    `${colors.red('This is a bug in cpu-anomaly.')} Please report it at ${issuesUrl()} with the lines below.`,
  )
  console.error(error)
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof ReaderGone) return 0
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  return error instanceof CliError ? error.exitCode : 1
}

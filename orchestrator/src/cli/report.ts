import { CommanderError } from 'commander'
import { CliError } from '../errors.ts'
import { issuesUrl } from '../package/package-json.ts'
import { ReaderGone } from '../terminal/closed-pipe.ts'
import { colors } from '../terminal/colors.ts'
import { escapeControls } from '../terminal/text.ts'

/** The only place that prints an error: what went wrong, the evidence, the way out. */
export function printError(thrown: unknown, debug: boolean): void {
  const error = tooManyFiles(thrown) ?? thrown
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

export function exitCodeOf(thrown: unknown): number {
  const error = tooManyFiles(thrown) ?? thrown
  if (error instanceof ReaderGone) return 0
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  return error instanceof CliError ? error.exitCode : 1
}

/** Any part of the program may be the one that opens a file too many, also the import of a module. */
function tooManyFiles(error: unknown): CliError | undefined {
  const code = error instanceof CliError ? undefined : (error as NodeJS.ErrnoException | undefined)?.code
  if (code !== 'EMFILE' && code !== 'ENFILE') return undefined
  const limit = code === 'EMFILE' ? `: its limit is ${openFilesLimit()}` : ' on this machine'
  return new CliError('TOO_MANY_FILES', `no more files can be opened (${code})${limit}`, {
    hint: 'Allow at least 1024, for example with `ulimit -n 1024` (or LimitNOFILE= of a systemd service).',
    cause: error,
  })
}

/** Node itself raises the soft limit of its process to the hard one. */
function openFilesLimit(): string {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } }
  return String(userLimits?.open_files?.soft ?? 'unknown')
}

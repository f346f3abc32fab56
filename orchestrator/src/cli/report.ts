import { CommanderError } from 'commander'
import { CliError } from '../errors.ts'
import { issuesUrl } from '../package/package-json.ts'
import { storageError } from '../system/storage-errors.ts'
import { ReaderGone } from '../terminal/closed-pipe.ts'
import { errorColors } from '../terminal/colors.ts'
import { escapeControls } from '../terminal/text.ts'

/** The only place that prints an error: what went wrong, the evidence, the way out. */
export function printError(thrown: unknown, debug: boolean): void {
  const error = ofTheMachine(thrown) ?? thrown
  if (error instanceof CommanderError || error instanceof ReaderGone) return // printed by commander; nobody reads
  const write = (line: string) => process.stderr.write(`${line}\n`)
  if (error instanceof CliError) {
    for (const line of error.message.split('\n'))
      write(`${errorColors.red('error:')} ${escapeControls(line)}`)
    for (const line of error.details) write(errorColors.dim(`  │ ${escapeControls(line)}`))
    for (const line of error.hint?.split('\n') ?? [])
      write(`${errorColors.cyan('→')} ${escapeControls(line)}`)
    if (debug) console.error(error)
    return
  }
  write(
    `${errorColors.red('This is a bug in cpu-anomaly.')} Please report it at ${issuesUrl()} with the lines below.`,
  )
  console.error(error)
}

export function exitCodeOf(thrown: unknown): number {
  const error = ofTheMachine(thrown) ?? thrown
  if (error instanceof ReaderGone) return 0
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  return error instanceof CliError ? error.exitCode : 1
}

/** Any part of the program may be the one that meets a full disk or another user's file. */
const ofTheMachine = (thrown: unknown): CliError | undefined => tooManyFiles(thrown) ?? storageError(thrown)

/** So many are always enough. */
const ENOUGH_FILES = 1_024

/**
 * Any part of the program may be the one that opens a file too many, also the import of a module: Node then says that
 * the module does not exist, which at a low limit counts as this, too.
 */
function tooManyFiles(error: unknown): CliError | undefined {
  if (!(error instanceof Error) || error instanceof CliError) return undefined
  const { code } = error as NodeJS.ErrnoException
  const isImport = code === 'ERR_MODULE_NOT_FOUND' && openFilesLimit() < ENOUGH_FILES
  if (code !== 'EMFILE' && code !== 'ENFILE' && !isImport) return undefined
  const whose = code === 'ENFILE' ? 'this machine' : `this process, whose limit is ${openFilesLimit()}`
  return new CliError('TOO_MANY_FILES', `too many open files for ${whose}`, {
    hint: `Allow at least ${ENOUGH_FILES}, for example with \`ulimit -n ${ENOUGH_FILES}\`, or LimitNOFILE= of a systemd service.`,
    cause: error,
  })
}

/** Node itself raises the soft limit of its process to the hard one. Infinity where it is not known. */
function openFilesLimit(): number {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } }
  const soft = Number(userLimits?.open_files?.soft)
  return Number.isFinite(soft) ? soft : Number.POSITIVE_INFINITY
}

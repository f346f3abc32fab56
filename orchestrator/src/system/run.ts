import { open } from 'node:fs/promises'
import { ExecaError, execa, type Options } from 'execa'
import { CliError, type ErrorCode } from '../errors.ts'
import { childEnvironment } from './child-environment.ts'

export type Command = readonly [program: string, args: readonly string[]]

export interface RunOptions {
  readonly cwd?: string
  /** The whole environment of the program; by default that of a probe. See `childEnvironment`. */
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
  /** Called with each line of stdout and stderr as it arrives. */
  readonly onLine?: (line: string) => void
  /** Code of the CliError if the program fails; TOOL_MISSING by default. */
  readonly failAs?: ErrorCode
  readonly hint?: string
}

export interface RunResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a program to its end. The arguments are passed as they are, without a shell.
 * @throws CliError `failAs` (TOOL_MISSING by default) with the program, its exit code and its last lines, when it fails;
 *   the signal's reason when it aborts.
 */
export async function run([program, args]: Command, options: RunOptions = {}): Promise<RunResult> {
  try {
    const child = execa(program, args, execaOptions(options))
    if (options.onLine) for await (const line of child.iterable({ from: 'all' })) options.onLine(String(line))
    const result = await child
    return { exitCode: result.exitCode ?? 0, stdout: String(result.stdout), stderr: String(result.stderr) }
  } catch (error) {
    options.signal?.throwIfAborted()
    throw error instanceof ExecaError ? commandFailed(program, error, options) : error
  }
}

/**
 * Like `run`, but undefined if the program fails: for probing tools that may be missing. One that does not finish within
 * `timeoutMs` is there: that still is an error.
 */
export async function tryRun(command: Command, options: RunOptions = {}): Promise<RunResult | undefined> {
  try {
    return await run(command, options)
  } catch (error) {
    options.signal?.throwIfAborted()
    if (error instanceof CliError && !isLate(error)) return undefined
    throw error
  }
}

const isLate = ({ cause }: CliError): boolean => cause instanceof ExecaError && cause.timedOut

function execaOptions(options: RunOptions): Options & { all: true; lines: false } {
  return {
    all: true,
    lines: false,
    stdin: 'ignore',
    env: options.env ?? childEnvironment('probe'),
    extendEnv: false,
    ...(options.cwd ? { cwd: options.cwd } : {}),
    ...(options.signal ? { cancelSignal: options.signal } : {}),
    ...(options.timeoutMs ? { timeout: options.timeoutMs } : {}),
  }
}

function commandFailed(program: string, error: ExecaError, options: RunOptions): CliError {
  return new CliError(options.failAs ?? 'TOOL_MISSING', `${program} ${outcome(error, options)}`, {
    details: lastLines(String(error.all ?? error.stderr ?? ''), 15),
    ...hintFor(error, options),
    cause: error,
  })
}

function hintFor({ timedOut, escapedCommand }: ExecaError, { hint }: RunOptions): { hint?: string } {
  if (timedOut)
    return {
      hint: `Run it yourself, \`${escapedCommand}\`: is the machine too busy, or does it wait for something?`,
    }
  return hint ? { hint } : {}
}

function outcome(error: ExecaError, { timeoutMs = 0 }: RunOptions): string {
  if (error.code === 'ENOENT') return 'is not installed'
  if (error.timedOut) return `did not finish within ${timeoutMs / 1000} s`
  if (error.exitCode !== undefined) return `failed with exit code ${error.exitCode}`
  const reason = error.originalMessage ? `: ${error.originalMessage}` : ''
  return error.signal ? `was ended by ${error.signal}${reason}` : `failed${reason}`
}

/** The error for a child that was started with `reject: false` and got no pid. */
export async function startFailed(program: string, child: PromiseLike<unknown>): Promise<CliError> {
  return commandFailed(program, (await child) as ExecaError, {})
}

export function lastLines(text: string, count: number): string[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count)
}

export interface DetachedOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** Stdout and stderr are appended to this file. */
  readonly logFile: string
}

/** Starts a program that outlives this one, in its own session, and returns its pid. */
export async function spawnDetached([program, args]: Command, options: DetachedOptions): Promise<number> {
  const log = await open(options.logFile, 'a', 0o600)
  try {
    // Any file descriptor works, although execa's types allow only the first ten.
    const stdio = ['ignore', log.fd, log.fd] as unknown as ['ignore', 'inherit', 'inherit']
    const child = execa(program, args, {
      cwd: options.cwd,
      env: options.env,
      extendEnv: false,
      detached: true,
      cleanup: false,
      stdio,
      buffer: false,
      reject: false,
    })
    child.unref()
    if (child.pid === undefined) throw await startFailed(program, child)
    return child.pid
  } finally {
    await log.close()
  }
}

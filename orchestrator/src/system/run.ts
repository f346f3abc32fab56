import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { ExecaError, execa, type Options } from 'execa'
import { CliError, type ErrorCode } from '../errors.ts'

export type Command = readonly [program: string, args: readonly string[]]

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
  /** Called with each line of stdout and stderr as it arrives. */
  readonly onLine?: (line: string) => void
  /** The code of the CliError that a failure becomes. */
  readonly failAs?: ErrorCode
  readonly hint?: string
}

export interface RunResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a program to its end. The arguments are passed as they are: no shell sees them.
 * @throws CliError with the program, its exit code and its last lines, when it fails.
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

/** Like `run`, but a failing program is a result: for asking questions of tools that may be missing. */
export async function tryRun(command: Command, options: RunOptions = {}): Promise<RunResult | undefined> {
  try {
    return await run(command, options)
  } catch (error) {
    options.signal?.throwIfAborted()
    if (error instanceof CliError) return undefined
    throw error
  }
}

function execaOptions(options: RunOptions): Options & { all: true; lines: false } {
  return {
    all: true,
    lines: false,
    stdin: 'ignore',
    ...(options.cwd ? { cwd: options.cwd } : {}),
    ...(options.env ? { env: options.env } : {}),
    ...(options.signal ? { cancelSignal: options.signal } : {}),
    ...(options.timeoutMs ? { timeout: options.timeoutMs } : {}),
  }
}

function commandFailed(program: string, error: ExecaError, options: RunOptions): CliError {
  const outcome =
    error.code === 'ENOENT'
      ? 'is not installed'
      : error.timedOut
        ? `did not end within ${(options.timeoutMs ?? 0) / 1000} s`
        : error.exitCode === undefined
          ? `was ended by ${error.signal ?? 'an error'}: ${error.originalMessage ?? ''}`
          : `failed with exit code ${error.exitCode}`
  return new CliError(options.failAs ?? 'TOOL_MISSING', `${program} ${outcome}`, {
    details: lastLines(String(error.all ?? error.stderr ?? ''), 15),
    ...(options.hint ? { hint: options.hint } : {}),
    cause: error,
  })
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
  /** Gets stdout and stderr, appended. */
  readonly logFile: string
}

/** Starts a program that outlives this one, in a session of its own, and returns its pid. */
export async function spawnDetached([program, args]: Command, options: DetachedOptions): Promise<number> {
  const log = await open(options.logFile, 'a', 0o600)
  try {
    // Any descriptor will do, although execa's types know only the first ten.
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
    if (child.pid === undefined) throw commandFailed(program, (await child) as unknown as ExecaError, {})
    return child.pid
  } finally {
    await log.close()
  }
}

export interface TalkOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly onLine: (line: string) => void
  readonly onErrorLine: (line: string) => void
}

/** A running program that is spoken to in lines. */
export interface Talk {
  readonly pid: number
  /** Sends a line; one that has ended hears nothing. */
  say(line: string): void
  /** Its exit code once it ended and all it said was heard; undefined when a signal ended it. */
  readonly ended: Promise<number | undefined>
}

/** Starts a program that leads a process group of its own, for whoever starts it to end, and talks with it. */
export async function startTalk([program, args]: Command, options: TalkOptions): Promise<Talk> {
  const { cwd, env, onLine, onErrorLine } = options
  const child = execa(program, args, {
    cwd,
    env,
    extendEnv: false,
    detached: true,
    cleanup: false,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: false,
    reject: false,
  })
  if (child.pid === undefined) throw commandFailed(program, (await child) as unknown as ExecaError, {})
  child.stdin.on('error', () => undefined) // it ended first: `ended` says so
  const heard = [listen(child.stdout, onLine), listen(child.stderr, onErrorLine)]
  return {
    pid: child.pid,
    say: (line) => void child.stdin.write(`${line}\n`),
    ended: Promise.all([child, ...heard]).then(([result]) => result.exitCode),
  }
}

function listen(input: NodeJS.ReadableStream, onLine: (line: string) => void): Promise<void> {
  return new Promise((resolve) => {
    createInterface({ input }).on('line', onLine).on('close', resolve)
  })
}

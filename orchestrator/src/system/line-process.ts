import { createInterface } from 'node:readline'
import { execa } from 'execa'
import { type Command, startFailed } from './run.ts'

export interface LineProcessOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** Called with each line of stdout. */
  readonly onLine: (line: string) => void
  /** Called with each line of stderr. */
  readonly onStderrLine: (line: string) => void
}

/** A running program that reads and writes lines. */
export interface LineProcess {
  readonly pid: number
  /** Writes a line to stdin; ignored once the process has exited. */
  send(line: string): void
  /** The exit code, once the process has exited and all its output was read; undefined if a signal ended it. */
  readonly exited: Promise<number | undefined>
}

/**
 * Starts a program as the leader of its own process group; the caller has to end that group.
 * @throws CliError TOOL_MISSING when it cannot be started.
 */
export async function startLineProcess(
  [program, args]: Command,
  options: LineProcessOptions,
): Promise<LineProcess> {
  const { cwd, env, onLine, onStderrLine } = options
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
  if (child.pid === undefined) throw await startFailed(program, child)
  child.stdin.on('error', () => undefined) // the process exited first, which `exited` reports
  const output = [readLines(child.stdout, onLine), readLines(child.stderr, onStderrLine)]
  return {
    pid: child.pid,
    send: (line) => void child.stdin.write(`${line}\n`),
    exited: Promise.all([child, ...output]).then(([result]) => result.exitCode),
  }
}

/** Resolves at the end of the stream. */
function readLines(input: NodeJS.ReadableStream, onLine: (line: string) => void): Promise<void> {
  return new Promise((resolve) => {
    createInterface({ input }).on('line', onLine).on('close', resolve)
  })
}

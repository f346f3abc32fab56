import { CliError } from '../../errors.ts'
import { settlesWithin, withDeadline } from '../../system/deadline.ts'
import { type LineProcess, startLineProcess } from '../../system/line-process.ts'
import { sendSignal } from '../../system/process-identity.ts'
import type { Command } from '../../system/run.ts'
import { type Order, parseReply, type Reply, type ReplyTo } from './protocol.ts'

const EXIT_TIMEOUT_MS = 3_000
const TERM_TIMEOUT_MS = 5_000
const LOG_TAIL_LINES = 15

export interface SessionOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

export interface RequestOptions {
  readonly timeoutMs: number
  /** Called for each batch that is reported before the reply. */
  readonly onBatch?: (batch: ReplyTo<'batch'>) => void
}

interface PendingReply {
  readonly event: Reply['event']
  readonly resolve: (reply: Reply) => void
  readonly reject: (reason: unknown) => void
}

/** A running `bench.py` with its driver, which handles one order at a time. */
export class BenchSession {
  readonly #signal: AbortSignal
  readonly #logTail: string[] = []
  readonly #process: LineProcess
  readonly #killAtExit: () => void
  #pending: PendingReply | undefined
  #failure: unknown
  #isClosing = false
  /** Called for each batch, also while no request is pending. */
  onBatch: (batch: ReplyTo<'batch'>) => void = () => undefined

  static async start(command: Command, options: SessionOptions): Promise<BenchSession> {
    options.signal.throwIfAborted()
    let session: BenchSession | undefined
    const benchProcess = await startLineProcess(command, {
      cwd: options.cwd,
      env: options.env,
      onLine: (line) => {
        if (session) session.#onLine(line)
      },
      onStderrLine: (line) => {
        if (session) session.#addToLogTail(line)
      },
    })
    session = new BenchSession(benchProcess, options.signal)
    return session
  }

  private constructor(benchProcess: LineProcess, signal: AbortSignal) {
    this.#process = benchProcess
    this.#signal = signal
    // No driver may outlive this program, whatever ends it, even a second Ctrl-C.
    this.#killAtExit = () => sendSignal(-benchProcess.pid, 'SIGKILL')
    process.once('exit', this.#killAtExit)
    signal.addEventListener('abort', this.#onAbort, { once: true })
    benchProcess.exited.then((exitCode) => {
      if (this.#isClosing) return
      this.#fail(
        this.#driverFailed(exitCode === undefined ? 'it was killed' : `it ended with exit code ${exitCode}`),
      )
    })
  }

  /**
   * Sends an order and waits for the reply to it.
   * @throws CliError QUERY_FAILED with the last lines of Spark's log; the signal's reason when it aborts.
   */
  async request<E extends Reply['event']>(
    order: Order,
    event: E,
    { timeoutMs, onBatch }: RequestOptions,
  ): Promise<ReplyTo<E>> {
    this.throwIfFailed()
    if (onBatch) this.onBatch = onBatch
    const reply = new Promise<Reply>((resolve, reject) => {
      this.#pending = { event, resolve, reject }
    })
    const late = () => this.#driverFailed(`no answer to "${order.do}" within ${timeoutMs / 1_000} s`)
    try {
      this.#process.send(JSON.stringify(order))
      return (await withDeadline(reply, { timeoutMs, late })) as ReplyTo<E>
    } catch (error) {
      this.#fail(error)
      throw error
    } finally {
      this.#pending = undefined
      if (onBatch) this.onBatch = () => undefined
    }
  }

  /** For callers that wait for something else in the meantime. */
  throwIfFailed(): void {
    if (this.#failure) throw this.#failure
  }

  /** Ends the driver, by force if necessary, and returns when its processes are gone. */
  async close(): Promise<void> {
    if (this.#isClosing) return
    this.#isClosing = true
    this.#signal.removeEventListener('abort', this.#onAbort)
    if (!this.#failure) {
      this.#process.send(JSON.stringify({ do: 'exit' } satisfies Order))
      await settlesWithin(this.#process.exited, EXIT_TIMEOUT_MS)
    }
    await endProcessGroup(this.#process)
    process.removeListener('exit', this.#killAtExit)
  }

  readonly #onAbort = () => this.#fail(this.#signal.reason)

  #onLine(line: string): void {
    const reply = parseReply(line)
    if (!reply) this.#addToLogTail(line)
    else if (reply.event === 'error') this.#fail(this.#driverFailed(reply.message))
    else if (reply.event === 'batch') this.onBatch(reply)
    else if (reply.event === this.#pending?.event) this.#pending.resolve(reply)
  }

  #addToLogTail(line: string): void {
    this.#logTail.push(line)
    if (this.#logTail.length > LOG_TAIL_LINES) this.#logTail.shift()
  }

  #fail(reason: unknown): void {
    this.#failure ??= reason
    this.#pending?.reject(this.#failure)
  }

  #driverFailed(why: string): CliError {
    return new CliError('QUERY_FAILED', `the measurement's driver failed: ${why}`, {
      details: [...this.#logTail],
      hint: 'Run it again; `cpu-anomaly doctor` checks this machine.',
    })
  }
}

/**
 * The JVM is in the process group too, and may outlive the Python process that started it. `exited` waits for both,
 * because they share their output.
 */
async function endProcessGroup(benchProcess: LineProcess): Promise<void> {
  sendSignal(-benchProcess.pid, 'SIGTERM')
  await settlesWithin(benchProcess.exited, TERM_TIMEOUT_MS)
  sendSignal(-benchProcess.pid, 'SIGKILL')
  await benchProcess.exited
}

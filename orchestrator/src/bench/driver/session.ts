import { CliError } from '../../errors.ts'
import { settlesWithin, withDeadline } from '../../system/deadline.ts'
import { type LineProcess, startLineProcess } from '../../system/line-process.ts'
import { sendSignal } from '../../system/process-identity.ts'
import type { Command } from '../../system/run.ts'
import { type Order, parseReply, type Reply, type ReplyTo } from './protocol.ts'

const EXIT_TIMEOUT_MS = 3_000
const TERM_TIMEOUT_MS = 5_000
const KEPT_LINES = 15

export interface SessionOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

export interface AskOptions {
  readonly timeoutMs: number
  /** Told of each batch that comes before the answer. */
  readonly onBatch?: (batch: ReplyTo<'batch'>) => void
}

interface Waiting {
  readonly event: Reply['event']
  readonly resolve: (reply: Reply) => void
  readonly reject: (reason: unknown) => void
}

/** One `bench.py` with its driver: takes an order and gives the answer to it. */
export class BenchSession {
  readonly #signal: AbortSignal
  readonly #said: string[] = []
  readonly #talk: LineProcess
  readonly #killAtExit: () => void
  #waiting: Waiting | undefined
  #failure: unknown
  #isClosing = false
  /** Told of each batch, whether or not something is asked. */
  onBatch: (batch: ReplyTo<'batch'>) => void = () => undefined

  static async start(command: Command, options: SessionOptions): Promise<BenchSession> {
    options.signal.throwIfAborted()
    let session: BenchSession | undefined
    const talk = await startLineProcess(command, {
      cwd: options.cwd,
      env: options.env,
      onLine: (line) => {
        if (session) session.#hear(line)
      },
      onStderrLine: (line) => {
        if (session) session.#keep(line)
      },
    })
    session = new BenchSession(talk, options.signal)
    return session
  }

  private constructor(talk: LineProcess, signal: AbortSignal) {
    this.#talk = talk
    this.#signal = signal
    // Whatever ends this program, even a second Ctrl-C: no driver stays behind.
    this.#killAtExit = () => sendSignal(-talk.pid, 'SIGKILL')
    process.once('exit', this.#killAtExit)
    signal.addEventListener('abort', this.#onAbort, { once: true })
    talk.exited.then((exitCode) => {
      if (!this.#isClosing) this.#fail(this.#ended(`it ended with exit code ${exitCode ?? 'none'}`))
    })
  }

  /** @throws CliError QUERY_FAILED with the last lines of Spark's log; the signal's reason when it aborts. */
  async ask<E extends Reply['event']>(order: Order, event: E, options: AskOptions): Promise<ReplyTo<E>> {
    this.throwIfFailed()
    if (options.onBatch) this.onBatch = options.onBatch
    const answer = new Promise<Reply>((resolve, reject) => {
      this.#waiting = { event, resolve, reject }
    })
    const { timeoutMs } = options
    const late = () => this.#ended(`no answer to "${order.do}" within ${timeoutMs / 1_000} s`)
    try {
      this.#talk.send(JSON.stringify(order))
      return (await withDeadline(answer, { timeoutMs, late })) as ReplyTo<E>
    } catch (error) {
      this.#fail(error)
      throw error
    } finally {
      this.#waiting = undefined
      if (options.onBatch) this.onBatch = () => undefined
    }
  }

  /** For those who wait for something else meanwhile. */
  throwIfFailed(): void {
    if (this.#failure) throw this.#failure
  }

  /** Ends the driver, by force where it does not go, and returns when its processes are gone. */
  async close(): Promise<void> {
    if (this.#isClosing) return
    this.#isClosing = true
    this.#signal.removeEventListener('abort', this.#onAbort)
    if (!this.#failure) {
      this.#talk.send(JSON.stringify({ do: 'exit' } satisfies Order))
      await settlesWithin(this.#talk.exited, EXIT_TIMEOUT_MS)
    }
    await endGroup(this.#talk)
    process.removeListener('exit', this.#killAtExit)
  }

  readonly #onAbort = () => this.#fail(this.#signal.reason)

  #hear(line: string): void {
    const reply = parseReply(line)
    if (!reply) this.#keep(line)
    else if (reply.event === 'error') this.#fail(this.#ended(reply.message))
    else if (reply.event === 'batch') this.onBatch(reply)
    else if (reply.event === this.#waiting?.event) this.#waiting.resolve(reply)
  }

  #keep(line: string): void {
    this.#said.push(line)
    if (this.#said.length > KEPT_LINES) this.#said.shift()
  }

  #fail(reason: unknown): void {
    this.#failure ??= reason
    this.#waiting?.reject(this.#failure)
  }

  #ended(why: string): CliError {
    return new CliError('QUERY_FAILED', `the measurement's driver failed: ${why}`, {
      details: [...this.#said],
      hint: 'Run it again; `cpu-anomaly doctor` checks this machine.',
    })
  }
}

/** The JVM is in the group too, and may outlive the Python that started it. */
async function endGroup(talk: LineProcess): Promise<void> {
  sendSignal(-talk.pid, 'SIGTERM')
  await settlesWithin(talk.exited, TERM_TIMEOUT_MS)
  sendSignal(-talk.pid, 'SIGKILL')
  await talk.exited
}

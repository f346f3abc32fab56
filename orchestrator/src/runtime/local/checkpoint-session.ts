import { CliError } from '../../errors.ts'
import { withDeadline } from '../../system/deadline.ts'
import { type LineProcess, startLineProcess } from '../../system/line-process.ts'
import { sendSignal } from '../../system/process-identity.ts'
import type { Command } from '../../system/run.ts'
import { type Order, parseReply, type Reply, type ReplyTo } from './checkpoint-protocol.ts'

const START_MS = 90_000
const LOG_TAIL_LINES = 8

export interface CheckpointSessionOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly location: string
  /** Hadoop's settings, secrets included: they are written to its standard input. */
  readonly hadoop: Readonly<Record<string, string>>
}

/** A running `checkpoint_files.py`, which ends with this program. */
export class CheckpointSession {
  readonly #location: string
  readonly #logTail: string[] = []
  #process: LineProcess | undefined
  #hasEnded = false
  #onReply: ((reply: Reply | undefined) => void) | undefined

  private constructor(location: string) {
    this.#location = location
  }

  /** @throws CliError CLUSTER_UNREACHABLE when its JVM does not start. */
  static async start(command: Command, options: CheckpointSessionOptions): Promise<CheckpointSession> {
    const session = new CheckpointSession(options.location)
    const running = await startLineProcess(command, {
      cwd: options.cwd,
      env: options.env,
      onLine: (line) => session.#receive(line),
      onStderrLine: (line) => session.#log(line),
    })
    session.#process = running
    process.once('exit', () => sendSignal(-running.pid, 'SIGKILL'))
    running.exited.then(() => session.#end())
    await session.#exchange({ location: options.location, hadoop: options.hadoop }, 'ready', START_MS)
    return session
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /**
   * One order at a time.
   * @throws CliError CHECKPOINT_CONFLICT for a file that cannot be used; CLUSTER_UNREACHABLE when the file system does not
   *   answer, or not in time: the process is ended then.
   */
  ask<E extends Reply['event']>(order: Order, event: E, timeoutMs: number): Promise<ReplyTo<E>> {
    return this.#exchange(order, event, timeoutMs)
  }

  async #exchange<E extends Reply['event']>(line: object, event: E, timeoutMs: number): Promise<ReplyTo<E>> {
    const answered = new Promise<Reply | undefined>((resolve) => {
      this.#onReply = resolve
      if (this.#hasEnded) resolve(undefined)
      else this.#process?.send(JSON.stringify(line))
    })
    const late = () => this.#unreachable(`there was no answer within ${timeoutMs / 1_000} s`)
    const reply = await withDeadline(answered, { timeoutMs, late }).catch((error: unknown) => {
      this.#kill() // its late answer would be taken for that to the next order
      throw error
    })
    if (!reply) throw this.#unreachable('the program that reads it has ended')
    if (reply.event === event) return reply as ReplyTo<E>
    if (reply.event !== 'error') throw new Error(`the reply to ${event} was ${reply.event}`)
    if (reply.kind === 'unusable') throw new CliError('CHECKPOINT_CONFLICT', reply.message)
    throw this.#unreachable(reply.message, [])
  }

  #receive(line: string): void {
    const reply = parseReply(line)
    if (reply) this.#onReply?.(reply)
    else this.#log(line)
  }

  #log(line: string): void {
    this.#logTail.push(line)
    if (this.#logTail.length > LOG_TAIL_LINES) this.#logTail.shift()
  }

  #end(): void {
    this.#hasEnded = true
    this.#onReply?.(undefined)
  }

  #kill(): void {
    this.#hasEnded = true
    if (this.#process) sendSignal(-this.#process.pid, 'SIGKILL')
  }

  #unreachable(why: string, details: readonly string[] = this.#logTail): CliError {
    return new CliError(
      'CLUSTER_UNREACHABLE',
      `the checkpoint at ${this.#location} cannot be reached: ${why}`,
      {
        details,
        hint: 'Correct CHECKPOINT_LOCATION, or what Hadoop needs to get there: docs/clusters.md says what that is.',
      },
    )
  }
}

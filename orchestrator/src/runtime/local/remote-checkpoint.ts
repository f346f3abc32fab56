import { rm } from 'node:fs/promises'
import type { CheckpointStore } from '../runtime.ts'
import { setAsideName } from '../set-aside.ts'
import type { Order, Reply, ReplyTo } from './checkpoint-protocol.ts'
import type { CheckpointSession } from './checkpoint-session.ts'

const ANSWER_MS = 20_000
/** On S3 each file is copied. */
const MOVE_MS = 1_800_000

/** A checkpoint on HDFS or S3, which only Hadoop's clients read: a program is started for them once a command needs it. */
export class RemoteCheckpoint implements CheckpointStore {
  readonly location: string
  readonly #start: () => Promise<CheckpointSession>
  readonly #commits: string
  #session: CheckpointSession | undefined
  /** One order at a time. */
  #last: Promise<unknown> = Promise.resolve()

  /** `commits`: where the driver shows its newest commit. */
  constructor(location: string, commits: string, start: () => Promise<CheckpointSession>) {
    this.location = location
    this.#commits = commits
    this.#start = start
  }

  async read(name: string): Promise<string | undefined> {
    return (await this.#ask({ op: 'read', name }, 'text')).text ?? undefined
  }

  async write(name: string, text: string): Promise<void> {
    await this.#ask({ op: 'write', name, text }, 'done')
  }

  async hasCommits(): Promise<boolean> {
    return (await this.#ask({ op: 'has_commits' }, 'commits')).has
  }

  async setAside(): Promise<string> {
    const { to } = await this.#ask({ op: 'set_aside', to: setAsideName(this.location) }, 'moved', MOVE_MS)
    await rm(this.#commits, { recursive: true, force: true })
    return to
  }

  #ask<E extends Reply['event']>(order: Order, event: E, timeoutMs = ANSWER_MS): Promise<ReplyTo<E>> {
    const answer = this.#last.then(async () => (await this.#running()).ask(order, event, timeoutMs))
    this.#last = answer.catch(() => undefined)
    return answer
  }

  async #running(): Promise<CheckpointSession> {
    if (!this.#session || this.#session.hasEnded) this.#session = await this.#start()
    return this.#session
  }
}

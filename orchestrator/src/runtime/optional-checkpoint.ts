import { CliError, type ErrorCode } from '../errors.ts'
import type { CheckpointStore } from './runtime.ts'

/** What keeps this machine from a checkpoint, and nobody else. */
const HERE: ReadonlySet<ErrorCode> = new Set(['CLUSTER_UNREACHABLE', 'NOT_STARTED', 'TOOL_MISSING'])

/**
 * A checkpoint that this machine need not reach, because the driver compares its manifest itself: it looks empty then, and
 * nothing is written to it.
 */
export class OptionalCheckpoint implements CheckpointStore {
  readonly location: string
  readonly #store: CheckpointStore
  #why: string | undefined

  constructor(store: CheckpointStore) {
    this.location = store.location
    this.#store = store
  }

  read(name: string): Promise<string | undefined> {
    return this.#ifReached(() => this.#store.read(name), undefined)
  }

  write(name: string, text: string): Promise<void> {
    return this.#ifReached(() => this.#store.write(name, text), undefined)
  }

  hasCommits(): Promise<boolean> {
    return this.#ifReached(() => this.#store.hasCommits(), false)
  }

  /** @throws CliError of the store: a checkpoint that is not reached stays where it is. */
  setAside(): Promise<string> {
    return this.#store.setAside()
  }

  get remark(): string | undefined {
    return this.#why && `${this.#why}; the driver itself compares the settings with those of the checkpoint`
  }

  async #ifReached<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
    if (this.#why !== undefined) return otherwise
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof CliError && HERE.has(error.code))) throw error
      this.#why = error.message
      return otherwise
    }
  }
}

import { waitFor } from '../e2e/helpers/wait-for.ts'
import { followTopic } from '../src/kafka/follow-topic.ts'

/** Follows the output topic, to see when results come again after a fault. */
export class ResultWatch {
  #newestStartMs = 0
  readonly #end = new AbortController()
  readonly #loop: Promise<void>

  constructor(broker: string, topic: string) {
    this.#loop = this.#follow(broker, topic)
  }

  /** Waits for a result of a window that began at this time or later. @throws Error at the deadline. */
  async resultSince(timeMs: number, timeoutMs: number): Promise<void> {
    await waitFor(
      'a result of a window that began after the fault',
      async () => ({
        done: this.#newestStartMs >= timeMs,
        value: undefined,
        seen: `the newest window began ${new Date(this.#newestStartMs).toISOString()}`,
      }),
      timeoutMs,
    )
  }

  async close(): Promise<void> {
    this.#end.abort()
    await this.#loop
  }

  async #follow(broker: string, topic: string): Promise<void> {
    const { signal } = this.#end
    const access = { servers: [broker], securityProtocol: 'PLAINTEXT' as const, sasl: undefined, ssl: {} }
    while (!signal.aborted)
      try {
        const options = { from: { kind: 'latest' as const }, signal, notice: () => {} }
        for await (const records of followTopic(access, topic, options))
          for (const { key } of records) this.#see(key)
      } catch {
        // It gives up on a broker that stays away for a minute; the next attempt reads on from the end.
      }
  }

  /** The key of a result is `<series>|<start of its window in ms>`. */
  #see(key: Buffer | null): void {
    const startMs = Number(key?.toString().split('|').at(-1))
    if (startMs > this.#newestStartMs) this.#newestStartMs = startMs
  }
}

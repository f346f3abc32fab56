import { Kafka, logLevel } from 'kafkajs'
import type { Mode } from '../e2e/helpers/modes.ts'
import { OrderJudge } from '../e2e/helpers/order.ts'
import { waitFor } from '../e2e/helpers/wait-for.ts'
import { followTopic } from '../src/kafka/follow-topic.ts'
import type { TopicRecord } from '../src/kafka/topic-reader.ts'

const CATCH_UP_MS = 60_000

/** Follows the output topic from its beginning: judges the order of all results, and sees when they come. */
export class ResultWatch {
  readonly order: OrderJudge
  /** Offsets that were not there to be read, although each result must be judged. */
  readonly missed: string[] = []
  readonly #broker: string
  readonly #topic: string
  #next = 0n
  /** Each is the first result of a window that is newer than all others of its producer; in the order of the topic. */
  readonly #advances: { readonly producerId: string; readonly startMs: number; readonly readMs: number }[] =
    []
  /** The start of the newest window of each producer, in ms. */
  readonly #newest = new Map<string, number>()
  readonly #end = new AbortController()
  readonly #loop: Promise<void>

  constructor(broker: string, topic: string, mode: Mode) {
    this.order = new OrderJudge(mode)
    this.#broker = broker
    this.#topic = topic
    this.#loop = this.#follow()
  }

  /** The ids of those who have written results so far. */
  get producers(): ReadonlySet<string> {
    return new Set(this.#newest.keys())
  }

  /**
   * Waits for a result of a window that began at this time or later, by none of the producers to ignore, and returns when
   * the first one was read, in ms. @throws Error at the deadline.
   */
  resultSince(timeMs: number, timeoutMs: number, ignored: ReadonlySet<string> = new Set()): Promise<number> {
    return waitFor(
      'a result of a window that began after the fault',
      async () => {
        const first = this.#advances.find(
          ({ startMs, producerId }) => startMs >= timeMs && !ignored.has(producerId),
        )
        const newest = [...this.#newest].map(([id, startMs]) => `${id} ${new Date(startMs).toISOString()}`)
        return {
          done: !!first,
          value: first?.readMs ?? Number.NaN,
          seen: `the newest windows by producer: ${newest.join(', ')}`,
        }
      },
      timeoutMs,
    )
  }

  /** Waits until every result that is in the topic by now has been judged. */
  async caughtUp(): Promise<void> {
    const admin = new Kafka({ brokers: [this.#broker], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    const [offsets] = await admin.fetchTopicOffsets(this.#topic).finally(() => admin.disconnect())
    const end = BigInt(offsets?.high ?? 0)
    const seen = () => `${this.#next} of ${end}`
    await waitFor(
      'the results to be read',
      async () => ({ done: this.#next >= end, value: undefined, seen: seen() }),
      CATCH_UP_MS,
    )
  }

  async close(): Promise<void> {
    this.#end.abort()
    await this.#loop
  }

  async #follow(): Promise<void> {
    const { signal } = this.#end
    const access = {
      servers: [this.#broker],
      securityProtocol: 'PLAINTEXT' as const,
      sasl: undefined,
      ssl: {},
    }
    while (!signal.aborted)
      try {
        const options = { from: { kind: 'earliest' as const }, signal, notice: () => {} }
        for await (const records of followTopic(access, this.#topic, options))
          for (const record of records) this.#see(record)
      } catch {
        // It gives up on a broker that stays away for a minute; the next attempt passes over what has been judged.
      }
  }

  /** The key of a result is `<series>|<start of its window in ms>`. */
  #see({ offset, key, value, timestampMs, producerId = '' }: TopicRecord): void {
    if (offset < this.#next) return
    if (offset > this.#next) this.missed.push(`${this.#next} to ${offset - 1n}`)
    this.#next = offset + 1n
    const name = String(key)
    const { count } = JSON.parse(String(value)) as { count: number }
    this.order.see({ key: name, count, appendedMs: timestampMs, producerId })
    const startMs = Number(name.split('|').at(-1))
    if (startMs <= (this.#newest.get(producerId) ?? 0)) return
    this.#newest.set(producerId, startMs)
    this.#advances.push({ producerId, startMs, readMs: Date.now() })
  }
}

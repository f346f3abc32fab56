import { setTimeout as sleep } from 'node:timers/promises'
import type { KafkaAccess } from './access.ts'
import { withAdmin } from './client.ts'
import { isElection, isTransient, kafkaErrorType, noSuchTopic, translateKafkaError } from './errors.ts'
import { type Offsets, offsetsOfLast, type Position, reconcile } from './position.ts'
import { lastRecords } from './read-range.ts'
import { refusedTopic } from './refused-topic.ts'
import { TopicReader, type TopicRecord } from './topic-reader.ts'

const MAX_WAIT_MS = 200
const RETRY_MS = 300
/** A broker that stays away for longer is not just restarting. */
const GIVE_UP_MS = 60_000
/** Interval of the check for added partitions. */
const PARTITION_CHECK_MS = 15_000

export interface FollowOptions {
  readonly from: Position
  readonly signal: AbortSignal
  /** Called with a line about a lost or restored connection, a topic created again, or records deleted unread. */
  readonly notice: (line: string) => void
}

/**
 * Follows a topic: yields new records at least every 200 ms, even if there are none, and each record once, even across
 * a restart of the broker. Ends when the signal aborts; leaves no consumer group behind and creates no topic.
 * @throws CliError KAFKA_UNREACHABLE or KAFKA_REFUSED when the broker cannot be reached or stays away for a minute;
 *   NO_SUCH_TOPIC with the topics that exist.
 */
export async function* followTopic(
  access: KafkaAccess,
  topic: string,
  options: FollowOptions,
): AsyncGenerator<readonly TopicRecord[]> {
  const { signal } = options
  const outage = new Outage(options.notice)
  let positions: Offsets | undefined
  while (!signal.aborted) {
    let reader: TopicReader | undefined
    let isConnected = false
    const onConnect = () => {
      isConnected = true
    }
    const close = () => reader?.close()
    signal.addEventListener('abort', close)
    try {
      reader = await TopicReader.open(access, topic, { signal, requestTimeoutMs: 10_000, onConnect })
      positions = await startOffsets(reader, positions, options)
      for (const until = performance.now() + PARTITION_CHECK_MS; performance.now() < until; ) {
        const { records, next } = await reader.fetch(positions, MAX_WAIT_MS)
        positions = next
        outage.end()
        yield records
      }
    } catch (error) {
      if (signal.aborted) return
      const isHopeful =
        positions === undefined ? isConnected && isElection(error) : isTransient(error, access)
      if (!isHopeful || outage.isTooLong()) throw await explainError(error, access, topic)
      outage.begin(outageReason(error, access, topic))
      await sleep(RETRY_MS, undefined, { signal }).catch(() => {})
    } finally {
      signal.removeEventListener('abort', close)
      close()
    }
  }
}

function outageReason(error: unknown, { servers }: KafkaAccess, topic: string): string {
  const type = kafkaErrorType(error)
  return type
    ? `${topic} cannot be read at the moment (${type})`
    : `the connection to Kafka at ${servers.join(',')} was lost`
}

/** Reports once that the broker is away, and once that it is back. */
class Outage {
  #since: number | undefined
  readonly #notice: (line: string) => void

  constructor(notice: (line: string) => void) {
    this.#notice = notice
  }

  begin(why: string): void {
    if (this.#since === undefined) this.#notice(`${why}; trying again until it is back`)
    this.#since ??= performance.now()
  }

  end(): void {
    if (this.#since !== undefined)
      this.#notice(`back after ${((performance.now() - this.#since) / 1_000).toFixed(1)} s`)
    this.#since = undefined
  }

  isTooLong(): boolean {
    return this.#since !== undefined && performance.now() - this.#since > GIVE_UP_MS
  }
}

/** Where to read on: first at `from`, later where reading stopped, or at the nearest offset that the topic still has. */
async function startOffsets(
  reader: TopicReader,
  positions: Offsets | undefined,
  { from, notice }: FollowOptions,
): Promise<Offsets> {
  if (positions === undefined) return offsetsAt(from, reader)
  const bounds = await reader.bounds()
  const { recreated, lost, positions: fitted } = reconcile(positions, bounds.begin, bounds.end)
  if (recreated) notice(`topic ${reader.topic} was deleted and created again: reading it from its beginning`)
  if (lost > 0n) notice(`${lost} records of ${reader.topic} were deleted before they could be read`)
  return fitted
}

async function offsetsAt(from: Position, reader: TopicReader): Promise<Offsets> {
  if (from.kind === 'since') return reader.offsetsSince(from.timeMs)
  const bounds = await reader.bounds()
  switch (from.kind) {
    case 'earliest':
      return bounds.begin
    case 'latest':
      return bounds.end
    case 'last':
      return offsetsOfLast(await lastRecords(reader, bounds, from.count), from.count, bounds.end)
  }
}

async function explainError(error: unknown, access: KafkaAccess, topic: string): Promise<unknown> {
  if (kafkaErrorType(error) !== 'UNKNOWN_TOPIC_OR_PARTITION')
    return refusedTopic(error, access, topic, 'Read') ?? translateKafkaError(error, access) ?? error
  return noSuchTopic(topic, access, await withAdmin(access, (admin) => admin.listTopics()))
}

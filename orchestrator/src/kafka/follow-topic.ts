import { setTimeout as sleep } from 'node:timers/promises'
import type { KafkaAccess } from './access.ts'
import { withAdmin } from './client.ts'
import { isPassing, kafkaErrorType, translateKafkaError } from './errors.ts'
import { beginOfLast, type Offsets, type Position, reconcile } from './position.ts'
import { noSuchTopic, TopicReader, type TopicRecord } from './topic-reader.ts'

const MAX_WAIT_MS = 200
const RETRY_MS = 300
/** A broker that is gone for longer does not come back by itself. */
const GIVE_UP_MS = 60_000
/** How often to look for partitions that were added. */
const PARTITIONS_EVERY_MS = 15_000

export interface FollowOptions {
  readonly from: Position
  readonly signal: AbortSignal
  /** Told in words when the broker goes, comes back, or the topic is not what it was. */
  readonly notice: (line: string) => void
}

/**
 * Follows a topic: yields what came, every 200 ms at the latest, also when that is nothing. Each record once, also over
 * a restart of the broker. Ends when the signal aborts; leaves no consumer group behind and creates no topic.
 * @throws CliError when the broker cannot be reached, or stays away for a minute; when there is no such topic.
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
    const close = () => reader?.close()
    signal.addEventListener('abort', close)
    try {
      reader = await TopicReader.open(access, topic, { signal, requestTimeoutMs: 10_000 })
      positions = await place(reader, positions, options)
      for (const until = Date.now() + PARTITIONS_EVERY_MS; Date.now() < until; ) {
        const { records, next } = await reader.fetch(positions, MAX_WAIT_MS)
        positions = next
        outage.over()
        yield records
      }
    } catch (error) {
      if (signal.aborted) return
      if (positions === undefined || !isPassing(error, access) || outage.isTooLong())
        throw await explained(error, access, topic)
      outage.begins(whatIsAway(error, access, topic))
      await sleep(RETRY_MS, undefined, { signal }).catch(() => {})
    } finally {
      signal.removeEventListener('abort', close)
      close()
    }
  }
}

function whatIsAway(error: unknown, { servers }: KafkaAccess, topic: string): string {
  const type = kafkaErrorType(error)
  return type
    ? `${topic} cannot be read at the moment (${type})`
    : `the connection to Kafka at ${servers.join(',')} was lost`
}

/** Says once that the broker is away, and once that it is back. */
class Outage {
  #since: number | undefined
  readonly #notice: (line: string) => void

  constructor(notice: (line: string) => void) {
    this.#notice = notice
  }

  begins(why: string): void {
    if (this.#since === undefined) this.#notice(`${why}: waiting for it to come back`)
    this.#since ??= Date.now()
  }

  over(): void {
    if (this.#since !== undefined)
      this.#notice(`back after ${((Date.now() - this.#since) / 1_000).toFixed(1)} s`)
    this.#since = undefined
  }

  isTooLong(): boolean {
    return this.#since !== undefined && Date.now() - this.#since > GIVE_UP_MS
  }
}

/** Where to read on: as asked at first, then where it ended, as far as the topic still holds that. */
async function place(
  reader: TopicReader,
  positions: Offsets | undefined,
  { from, notice }: FollowOptions,
): Promise<Offsets> {
  if (positions === undefined) return begin(reader, from)
  const bounds = await reader.bounds()
  const { recreated, lost, positions: fitted } = reconcile(positions, bounds.begin, bounds.end)
  if (recreated) notice(`topic ${reader.topic} was deleted and created anew: reading it from its beginning`)
  if (lost > 0n) notice(`${lost} records of ${reader.topic} were deleted before they could be read`)
  return fitted
}

async function begin(reader: TopicReader, from: Position): Promise<Offsets> {
  if (from.kind === 'since') return reader.offsetsSince(from.timeMs)
  const bounds = await reader.bounds()
  switch (from.kind) {
    case 'earliest':
      return bounds.begin
    case 'latest':
      return bounds.end
    case 'last':
      return beginOfLast(await lastRecords(reader, bounds, from.count), from.count, bounds.end)
  }
}

/** At least the last `count` records of each partition, where there are so many: offsets have gaps, so it looks further back until they are found. */
async function lastRecords(
  reader: TopicReader,
  { begin, end }: { begin: Offsets; end: Offsets },
  count: number,
): Promise<TopicRecord[]> {
  for (let reach = BigInt(count); ; reach *= 4n) {
    const from = new Map(
      [...end].map(
        ([partition, last]) => [partition, latest(last - reach, begin.get(partition) ?? 0n)] as const,
      ),
    )
    const found = await readBetween(reader, from, end)
    const isComplete = [...end.keys()].every(
      (partition) =>
        from.get(partition) === begin.get(partition) ||
        found.filter((record) => record.partition === partition).length >= count,
    )
    if (isComplete) return found
  }
}

async function readBetween(reader: TopicReader, from: Offsets, end: Offsets): Promise<TopicRecord[]> {
  const found: TopicRecord[] = []
  let positions: Offsets = from
  const isDone = (partition: number) => (positions.get(partition) ?? 0n) >= (end.get(partition) ?? 0n)
  while (![...end.keys()].every(isDone)) {
    const { records, next } = await reader.fetch(positions, MAX_WAIT_MS)
    for (const record of records) if (record.offset < (end.get(record.partition) ?? 0n)) found.push(record)
    positions = next
  }
  return found
}

const latest = (a: bigint, b: bigint): bigint => (a > b ? a : b)

async function explained(error: unknown, access: KafkaAccess, topic: string): Promise<unknown> {
  if (kafkaErrorType(error) !== 'UNKNOWN_TOPIC_OR_PARTITION')
    return translateKafkaError(error, access) ?? error
  return noSuchTopic(topic, access, await withAdmin(access, (admin) => admin.listTopics()))
}

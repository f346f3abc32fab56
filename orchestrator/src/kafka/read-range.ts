import type { KafkaAccess } from './access.ts'
import { translateKafkaError } from './errors.ts'
import { overElections } from './patience.ts'
import { larger, type Offsets } from './position.ts'
import { refusedTopic } from './refused-topic.ts'
import { type Bounds, TopicReader, type TopicRecord } from './topic-reader.ts'

const MAX_WAIT_MS = 200

/** The offset that the next record of each partition will get. */
export const topicEnds = (access: KafkaAccess, topic: string, signal: AbortSignal): Promise<Offsets> =>
  withReader(access, topic, signal, (reader) => reader.ends())

/** The first offset of each partition, and the one that its next record will get. */
export const topicBounds = (access: KafkaAccess, topic: string, signal: AbortSignal): Promise<Bounds> =>
  withReader(access, topic, signal, (reader) => reader.bounds())

/** The records of a topic from these offsets to its present end; all of a partition that is not among them. */
export const readSince = (
  access: KafkaAccess,
  topic: string,
  from: Offsets,
  signal: AbortSignal,
): Promise<TopicRecord[]> =>
  withReader(access, topic, signal, async (reader) => {
    const { begin, end } = await reader.bounds()
    // A partition may have been added since then.
    const start = new Map(
      [...end.keys()].map((partition) => [partition, from.get(partition) ?? begin.get(partition) ?? 0n]),
    )
    return readBetween(reader, start, end)
  })

/** Where each partition begins, and its first record; none of one that is empty. */
export const readFirst = (
  access: KafkaAccess,
  topic: string,
  signal: AbortSignal,
): Promise<{ readonly begin: Offsets; readonly records: readonly TopicRecord[] }> =>
  withReader(access, topic, signal, async (reader) => {
    const { begin } = await reader.bounds()
    const { records } = await reader.fetch(begin, MAX_WAIT_MS)
    const first = [...begin.keys()].flatMap(
      (partition) => records.find((record) => record.partition === partition) ?? [],
    )
    return { begin, records: first }
  })

/** The last records of each partition, up to this many. */
export const readLast = (
  access: KafkaAccess,
  topic: string,
  count: number,
  signal: AbortSignal,
): Promise<TopicRecord[]> =>
  withReader(access, topic, signal, async (reader) => lastRecords(reader, await reader.bounds(), count))

/** About so many of the topic's last records, the same number of each partition. */
export const readSome = (
  access: KafkaAccess,
  topic: string,
  count: number,
  signal: AbortSignal,
): Promise<TopicRecord[]> =>
  withReader(access, topic, signal, async (reader) => {
    const bounds = await reader.bounds()
    return lastRecords(reader, bounds, Math.ceil(count / Math.max(bounds.end.size, 1)))
  })

/** As `readLast`, of an open reader. Compaction and transactions leave gaps in the offsets, so it may have to read further back. */
export async function lastRecords(
  reader: TopicReader,
  { begin, end }: Bounds,
  count: number,
): Promise<TopicRecord[]> {
  const first = (partition: number) => begin.get(partition) ?? 0n
  for (let reach = BigInt(count); ; reach *= 4n) {
    const from = new Map(
      [...end].map(([partition, last]) => [partition, larger(last - reach, first(partition))] as const),
    )
    const all = await readBetween(reader, from, end)
    const last = [...from].map(([partition, offset]) => ({
      records: all.filter((record) => record.partition === partition).slice(-count),
      hasAll: offset === first(partition),
    }))
    if (last.every(({ records, hasAll }) => hasAll || records.length === count))
      return last.flatMap(({ records }) => records)
  }
}

async function readBetween(reader: TopicReader, from: Offsets, end: Offsets): Promise<TopicRecord[]> {
  const all: TopicRecord[] = []
  let positions: Offsets = from
  const isDone = (partition: number) => (positions.get(partition) ?? 0n) >= (end.get(partition) ?? 0n)
  while (![...end.keys()].every(isDone)) {
    const { records, next } = await reader.fetch(positions, MAX_WAIT_MS)
    for (const record of records) if (record.offset < (end.get(record.partition) ?? 0n)) all.push(record)
    positions = next
  }
  return all
}

/** @throws CliError KAFKA_UNREACHABLE, KAFKA_REFUSED or NO_SUCH_TOPIC; the signal's reason when it aborts. */
const withReader = <T>(
  access: KafkaAccess,
  topic: string,
  signal: AbortSignal,
  work: (reader: TopicReader) => Promise<T>,
): Promise<T> =>
  overElections(access, { signal }, async (onConnect) => {
    let reader: TopicReader | undefined
    const close = () => reader?.close()
    signal.addEventListener('abort', close, { once: true })
    try {
      reader = await TopicReader.open(access, topic, { signal, onConnect })
      return await work(reader)
    } catch (error) {
      signal.throwIfAborted()
      throw refusedTopic(error, access, topic, 'Read') ?? translateKafkaError(error, access) ?? error
    } finally {
      signal.removeEventListener('abort', close)
      close()
    }
  })

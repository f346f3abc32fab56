import type { KafkaAccess } from '../kafka/access.ts'
import { larger, type Offsets } from '../kafka/position.ts'
import { TopicReader } from '../kafka/topic-reader.ts'

const TIMEOUT_MS = 3_000
/** A stamp that is further ahead of the clock does not say how old its record is. */
const AHEAD_MS = 5_000
/** From here on, offsets count as records. */
const ENOUGH = 1_000
/** About as much; decoding it takes a few milliseconds. */
const SMALL_FETCH_BYTES = 64 * 1024
/** Long enough to pass over several 100,000 records of aborted transactions. */
const SKIP_MS = 1_000

/** Where a job has read up to: the end offset of its last batch, per partition. */
export type ReadUpTo = Readonly<Record<string, number>>

/** Records of the input topic that no committed batch has read. */
export interface Unread {
  readonly records: number
  /** Those of them that were written before the given time; all of them if the clock was set back since. */
  readonly older: number
  /** The topic ends before the job's position: it was created again, or has lost records. */
  readonly isBehindJob: boolean
}

/** Counts them now; undefined if the broker does not answer. */
export async function countUnread(
  access: KafkaAccess,
  inputTopic: string,
  read: ReadUpTo,
  options: { readonly olderThanMs: number; readonly signal: AbortSignal },
): Promise<Unread | undefined> {
  const { olderThanMs, signal } = options
  let reader: TopicReader | undefined
  try {
    reader = await TopicReader.open(access, inputTopic, {
      signal,
      connectTimeoutMs: TIMEOUT_MS,
      requestTimeoutMs: TIMEOUT_MS,
    })
    const unread = new UnreadRecords()
    const ends = await reader.ends()
    const records = await unread.count(reader, read, ends)
    const isUnknown = records === 0 || (await hasAhead(reader, ends))
    const older = isUnknown
      ? records
      : await unread.count(reader, read, await reader.offsetsSince(olderThanMs))
    const isBehindJob = [...ends].some(([partition, end]) => (read[partition] ?? 0) > end)
    return { records, older, isBehindJob }
  } catch {
    return undefined
  } finally {
    reader?.close()
  }
}

/** Are there records with a stamp of the future? Then those behind them were not found by their stamps. */
async function hasAhead(reader: TopicReader, ends: Offsets): Promise<boolean> {
  return offsetsBetween(await reader.offsetsSince(Date.now() + AHEAD_MS), ends) > 0
}

/**
 * Counts the records that a job has yet to read. Offsets are not records: the last ones of a topic may be markers of
 * transactions, records of aborted ones, or gaps that compaction has left. In real-time mode Spark commits only the
 * offset after the last record, so its position stays before them.
 */
export class UnreadRecords {
  /** Up to where a partition was found to have no record for the job. */
  readonly #skipped = new Map<number, bigint>()

  /** Reads from the job's position on, and no further than ENOUGH records: a million costs no more. */
  async count(reader: TopicReader, read: ReadUpTo, ends: Offsets): Promise<number> {
    const fromJob = new Map([...ends.keys()].map((partition) => [partition, BigInt(read[partition] ?? 0)]))
    if (offsetsBetween(fromJob, ends) === 0) return 0
    let rest = this.#start(fromJob, (await reader.bounds()).begin, ends)
    let found = 0
    let bytes: number | undefined = SMALL_FETCH_BYTES
    const until = performance.now() + SKIP_MS
    while (rest.size > 0 && found < ENOUGH && performance.now() < until) {
      const fetched = await reader.fetch(rest, 0, bytes)
      const { records, next } = fetched
      found += records.filter(({ partition, offset }) => offset < (ends.get(partition) ?? 0n)).length
      rest = unfinished(next, ends)
      if (found > 0) continue
      for (const [partition, offset] of next) this.#skipped.set(partition, offset)
      bytes = undefined
    }
    return found + offsetsBetween(rest, ends)
  }

  /** Where to look for records: as far as the topic still has them. */
  #start(read: Offsets, begin: Offsets, ends: Offsets): Offsets {
    const furthest = (partition: number, offset: bigint) =>
      [begin.get(partition) ?? 0n, this.#skipped.get(partition) ?? 0n].reduce(larger, offset)
    return unfinished(
      new Map([...read].map(([partition, offset]) => [partition, furthest(partition, offset)])),
      ends,
    )
  }
}

const unfinished = (positions: Offsets, ends: Offsets): Offsets =>
  new Map([...positions].filter(([partition, offset]) => offset < (ends.get(partition) ?? 0n)))

const offsetsBetween = (positions: Offsets, ends: Offsets): number =>
  [...unfinished(positions, ends)].reduce(
    (sum, [partition, offset]) => sum + Number((ends.get(partition) ?? 0n) - offset),
    0,
  )

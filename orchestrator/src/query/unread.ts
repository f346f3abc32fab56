import type { KafkaAccess } from '../kafka/access.ts'
import type { Offsets } from '../kafka/position.ts'
import { TopicReader } from '../kafka/topic-reader.ts'

const TIMEOUT_MS = 3_000

/** Records of the input topic that no committed batch has read. */
export interface Unread {
  readonly records: number
  /** Those of them that were written before the given time. */
  readonly older: number
}

/** Counts them now; undefined if the broker does not answer. `read`: the end offset of the last batch, per partition. */
export async function countUnread(
  access: KafkaAccess,
  inputTopic: string,
  read: Readonly<Record<string, number>>,
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
    const { begin, end } = await reader.bounds()
    const since = await reader.offsetsSince(olderThanMs)
    return { records: recordsBetween(begin, end, read), older: recordsBetween(begin, since, read) }
  } catch {
    return undefined
  } finally {
    reader?.close()
  }
}

/** Records before these ends that come after what was read, as far as the topic still has them. */
export function recordsBetween(
  begin: Offsets,
  ends: Offsets,
  read: Readonly<Record<string, number>>,
): number {
  const unread = [...ends].map(([partition, end]) => {
    const from = Math.max(read[partition] ?? 0, Number(begin.get(partition) ?? 0n))
    return Math.max(Number(end) - from, 0)
  })
  return unread.reduce((sum, records) => sum + records, 0)
}

import { parseResult, windowStartMs } from '../../anomaly/result.ts'
import type { KafkaAccess } from '../../kafka/access.ts'
import { translateKafkaError } from '../../kafka/errors.ts'
import { TopicReader } from '../../kafka/topic-reader.ts'
import type { Clock } from './clock.ts'

/** The arrival of a result. Times are epoch milliseconds. */
export interface Arrival {
  readonly windowStartMs: number
  readonly count: number
  readonly arrivedMs: number
  /** The record's timestamp: when the broker appended it. */
  readonly recordMs: number
}

/** The broker answers a fetch on the first record; an idle fetch waits this long. */
const MAX_WAIT_MS = 50

/** Reads the results of a topic from its beginning until the signal aborts, and reports the arrival of each. */
export async function watchArrivals(
  access: KafkaAccess,
  topic: string,
  clock: Clock,
  signal: AbortSignal,
  onArrival: (arrival: Arrival) => void,
): Promise<void> {
  const reader = await TopicReader.open(access, topic, { signal })
  const close = () => reader.close()
  signal.addEventListener('abort', close, { once: true })
  try {
    let { begin: positions } = await reader.bounds()
    while (!signal.aborted) {
      const { records, next } = await reader.fetch(positions, MAX_WAIT_MS)
      const arrivedMs = clock()
      positions = next
      for (const { value, timestampMs } of records) {
        const parsed = parseResult(value)
        if (!parsed.ok) continue
        const { count } = parsed.result
        onArrival({ windowStartMs: windowStartMs(parsed.result), count, arrivedMs, recordMs: timestampMs })
      }
    }
  } catch (error) {
    if (!signal.aborted) throw translateKafkaError(error, access) ?? error
  } finally {
    signal.removeEventListener('abort', close)
    close()
  }
}

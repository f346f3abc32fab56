import { setTimeout as sleep } from 'node:timers/promises'
import type { KafkaAccess } from './access.ts'
import { isElection } from './errors.ts'

/** A cluster takes 10 to 15 s to notice that a broker is dead and to elect other leaders. */
const PATIENCE_MS = 20_000
const RETRY_MS = 300

export interface Patience {
  readonly signal?: AbortSignal | undefined
  /** For how long to try again; 20 s by default. */
  readonly patienceMs?: number | undefined
}

/**
 * Tries again while a cluster that KAFKA_SERVERS names answers, but has lost a broker or elects leaders. What fails
 * before it calls `connected` fails at once, and so does any other error.
 * @throws what the last attempt throws; the signal's reason when it aborts.
 */
export async function overElections<T>(
  { isOwn }: KafkaAccess,
  { signal, patienceMs = PATIENCE_MS }: Patience,
  attempt: (connected: () => void) => Promise<T>,
): Promise<T> {
  const until = performance.now() + patienceMs
  for (;;) {
    let isConnected = false
    try {
      return await attempt(() => {
        isConnected = true
      })
    } catch (error) {
      if (isOwn || !isConnected || !isElection(error) || performance.now() > until) throw error
      await sleep(RETRY_MS, undefined, { signal }).catch(() => signal?.throwIfAborted())
    }
  }
}

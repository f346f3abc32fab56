import { z } from 'zod'
import { CliError } from '../errors.ts'
import type { CheckpointStore } from '../runtime/runtime.ts'
import { parseJson } from '../system/json.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from '../system/wait.ts'

/** Written by `cpu_anomaly/accounting/lease.py`, every three seconds, while a driver runs. */
const LEASE_FILE = 'cpu-anomaly-driver.json'

/** As `Timing.watch` there: the driver of a lease that does not change for this long has ended. */
const WATCH_MS = 25_000

const leaseSchema = z.object({ host: z.string(), pid: z.number() })

/**
 * Returns once it is certain that no driver uses a checkpoint that other machines reach too.
 * @throws CliError LOCKED when one does.
 */
export async function requireNoOtherDriver(
  store: CheckpointStore,
  signal: AbortSignal,
  watchMs = WATCH_MS,
): Promise<void> {
  const before = await store.read(LEASE_FILE)
  if (before === undefined) return
  const changed = async () => {
    const now = await store.read(LEASE_FILE)
    if (now === undefined) return arrived(undefined)
    if (now !== before) return arrived(now)
    return notYet(now)
  }
  const renewed = await waitUntil('the lease of a driver', changed, {
    timeoutMs: watchMs,
    intervalMs: watchMs / 25,
    signal,
  }).catch((error: unknown) => {
    if (!(error instanceof WaitTimeout)) throw error
  })
  if (renewed !== undefined) throw inUse(store, renewed)
}

function inUse(store: CheckpointStore, lease: string): CliError {
  const holder = leaseSchema.safeParse(parseJson(lease)).data
  const who = holder ? `pid ${holder.pid} on ${holder.host}` : 'one that cannot be read'
  return new CliError('LOCKED', `another driver uses the checkpoint at ${store.location}: ${who}`, {
    hint: 'Stop it where it was submitted, or set CHECKPOINT_LOCATION to a place of your own.',
  })
}

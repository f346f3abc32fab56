import { isActive } from '../runtime/driver-state.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { arrived, notYet, waitUntil } from '../system/wait.ts'
import { type Ledger, readLedger, readPlan } from './checkpoint-log.ts'
import { driverFailed } from './ready.ts'

/** No limit: the largest delay of a timer. A job that makes no progress is shown, and Ctrl-C ends the wait. */
const NO_LIMIT_MS = 2 ** 31 - 1

/**
 * Waits until the job has accounted for all records before these end offsets of a topic.
 * @throws CliError as `awaitReady` does when the job ends before that.
 */
export function awaitAccounted(
  runtime: Runtime,
  topic: string,
  ends: ReadonlyMap<number, bigint>,
  options: { readonly signal: AbortSignal; readonly update: (detail: string) => void },
): Promise<Ledger> {
  const { signal, update } = options
  return waitUntil(
    'the accounting of what was sent',
    async () => {
      const ledger = await readLedger(runtime.checkpoint)
      const done = (await readPlan(runtime.checkpoint, ledger.batch))?.ends[topic] ?? {}
      const left = [...ends].map(([partition, end]) => Number(end) - (done[partition] ?? 0))
      const missing = left.reduce((sum, records) => sum + Math.max(records, 0), 0)
      if (missing === 0) return arrived(ledger)
      const driver = await runtime.driver()
      if (!isActive(driver)) throw await driverFailed(runtime, driver, signal)
      const state = `${missing} records are not accounted for yet`
      update(state)
      return notYet(state)
    },
    { timeoutMs: NO_LIMIT_MS, intervalMs: 250, signal },
  )
}

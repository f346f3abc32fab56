import { isActive } from '../runtime/driver-state.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { arrived, notYet, waitUntil } from '../system/wait.ts'
import { type Ledger, readLedger, readPlan } from './checkpoint-log.ts'
import { driverFailed } from './ready.ts'

/** No limit: the largest delay of a timer. A job that makes no progress is shown, and Ctrl-C ends the wait. */
const NO_LIMIT_MS = 2 ** 31 - 1

interface Accounted {
  /** The last state in which it had accounted for none of them, if that was seen. */
  readonly before: Ledger | undefined
  readonly after: Ledger
}

/** Offsets of one partition, up to but not including `to`. */
interface Range {
  readonly partition: number
  readonly from: bigint
  readonly to: bigint
}

/**
 * Waits until the job has accounted for these records of a topic.
 * @throws CliError as `awaitReady` does when the job ends before that.
 */
export function awaitAccounted(
  runtime: Runtime,
  topic: string,
  ranges: readonly Range[],
  options: { readonly signal: AbortSignal; readonly update: (detail: string) => void },
): Promise<Accounted> {
  const { signal, update } = options
  let before: Ledger | undefined
  return waitUntil(
    'the accounting of what was sent',
    async () => {
      const ledger = await readLedger(runtime.checkpoint)
      const done = (await readPlan(runtime.checkpoint, ledger.batch))?.ends[topic] ?? {}
      const sum = (count: (range: Range, accounted: number) => number) =>
        ranges.reduce((total, range) => total + Math.max(count(range, done[range.partition] ?? 0), 0), 0)
      const missing = sum(({ to }, accounted) => Number(to) - accounted)
      if (missing === 0) return arrived({ before, after: ledger })
      if (sum(({ from }, accounted) => accounted - Number(from)) === 0) before = ledger
      const driver = await runtime.driver()
      if (!isActive(driver)) throw await driverFailed(runtime, driver, signal)
      const state = `${missing} records are not accounted for yet`
      update(state)
      return notYet(state)
    },
    { timeoutMs: NO_LIMIT_MS, intervalMs: 250, signal },
  )
}

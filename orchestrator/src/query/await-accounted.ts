import { isActive } from '../runtime/driver-state.ts'
import type { Runtime } from '../runtime/places.ts'
import { arrived, notYet, waitUntil } from '../system/wait.ts'
import { firstOffsets, type Ledger, readLedger, readPlan } from './checkpoint-log.ts'
import { driverFailed } from './ready.ts'

/** No limit: the largest delay of a timer. A job that makes no progress is shown, and Ctrl-C ends the wait. */
const NO_LIMIT_MS = 2 ** 31 - 1

interface Accounted {
  /** The last state in which it had accounted for none of them, if that was seen. */
  readonly before: Ledger | undefined
  readonly after: Ledger
  /** Samples that the query never reads, because it began behind them. */
  readonly skipped: number
}

/** Offsets of one partition, up to but not including `to`; all records have the same number of samples. */
interface Range {
  readonly partition: number
  readonly from: bigint
  readonly to: bigint
  readonly samples: number
}

/** How many of these samples are before the offsets at which the query began to read. */
export function skippedSamples(
  ranges: readonly Range[],
  first: Readonly<Record<string, number>> = {},
): number {
  const share = ({ partition, from, to, samples }: Range) => {
    const before = Number(BigInt(first[partition] ?? 0) - from) / Number(to - from)
    return samples * Math.min(Math.max(before, 0), 1)
  }
  return Math.round(ranges.reduce((sum, range) => sum + share(range), 0))
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
      const first = await firstOffsets(runtime.checkpoint, topic)
      const done = (await readPlan(runtime.checkpoint, ledger.batch))?.ends[topic] ?? first ?? {}
      const sum = (count: (range: Range, accounted: number) => number) =>
        ranges.reduce((total, range) => total + Math.max(count(range, done[range.partition] ?? 0), 0), 0)
      const missing = sum(({ to }, accounted) => Number(to) - accounted)
      if (missing === 0) return arrived({ before, after: ledger, skipped: skippedSamples(ranges, first) })
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

import { CliError } from '../errors.ts'
import { type CpuTimes, cpuPercent, readCpuTimes } from '../produce/cpu-times.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from '../system/wait.ts'
import { formatPercent } from './percent.ts'

const SPAN_SECONDS = 5
const TIMEOUT_MS = 90_000

export interface CalmOptions {
  /** Percent. */
  readonly atMost: number
  readonly signal: AbortSignal
  /** Called each second with the mean of the last five seconds, percent. */
  readonly onLoad: (percent: number) => void
}

/**
 * Waits until this machine's CPU has for five seconds been at most so busy on average, and has stopped to calm down: a Spark
 * that has just started compiles what it runs.
 * @throws CliError TOO_BUSY after 90 s.
 */
export async function untilCalm({ atMost, signal, onLoad }: CalmOptions): Promise<void> {
  const readings: CpuTimes[] = []
  const check = async () => {
    readings.push(await readCpuTimes())
    const load = meanOf(readings, 0)
    const before = meanOf(readings, SPAN_SECONDS)
    if (load === undefined) return notYet('nothing')
    onLoad(load)
    const isSteady = before !== undefined && load > before - STEADY_PERCENT
    return load <= atMost && isSteady ? arrived(undefined) : notYet(`${formatPercent(load)} busy`)
  }
  try {
    await waitUntil('a calm machine', check, { timeoutMs: TIMEOUT_MS, intervalMs: 1_000, signal })
  } catch (error) {
    if (!(error instanceof WaitTimeout)) throw error
    throw new CliError(
      'TOO_BUSY',
      `this machine is too busy for the demo: its cores were ${error.lastSeen} after ${TIMEOUT_MS / 1_000} s, and at most ${formatPercent(atMost)} would leave room for a burst`,
      { hint: 'End what uses the CPU, or run the demo where there are more cores.' },
    )
  }
}

/** A load that still falls by more than this from one span to the next is not steady, percent. */
const STEADY_PERCENT = 5

/** Over the span that ended so many seconds ago; undefined if it began before the first reading. */
function meanOf(readings: readonly CpuTimes[], secondsAgo: number): number | undefined {
  const last = readings.length - 1 - secondsAgo
  const [from, to] = [readings[last - SPAN_SECONDS], readings[last]]
  return from && to ? cpuPercent(from, to) : undefined
}

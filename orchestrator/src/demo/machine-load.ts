import { CliError } from '../errors.ts'
import { cpuPercent, readCpuTimes } from '../produce/cpu-times.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from '../system/wait.ts'
import { formatPercent } from '../terminal/units.ts'

const TIMEOUT_MS = 120_000

export interface CalmOptions {
  /** Percent. */
  readonly atMost: number
  /** How long, one after the other. */
  readonly seconds: number
  readonly signal: AbortSignal
  /** Called each second with the load in it, percent. */
  readonly onLoad: (percent: number) => void
}

/**
 * Waits until this machine's CPU has been at most so busy in each of so many seconds: a Spark that has just started
 * compiles what it runs.
 * @throws CliError TOO_BUSY after 120 s.
 */
export async function untilCalm({ atMost, seconds, signal, onLoad }: CalmOptions): Promise<void> {
  let before = await readCpuTimes()
  let calmSeconds = 0
  const check = async () => {
    const now = await readCpuTimes()
    const load = cpuPercent(before, now)
    if (load === undefined) return notYet('nothing')
    before = now
    onLoad(load)
    calmSeconds = load <= atMost ? calmSeconds + 1 : 0
    return calmSeconds >= seconds ? arrived(undefined) : notYet(`${formatPercent(load / 100)} busy`)
  }
  try {
    await waitUntil('a calm machine', check, { timeoutMs: TIMEOUT_MS, intervalMs: 1_000, signal })
  } catch (error) {
    if (!(error instanceof WaitTimeout)) throw error
    throw new CliError(
      'TOO_BUSY',
      `this machine is too busy for the demo: its cores were ${error.lastSeen} after ${TIMEOUT_MS / 1_000} s, and at most ${formatPercent(atMost / 100)} would leave room for a burst`,
      { hint: 'End what uses the CPU, or run the demo where there are more cores.' },
    )
  }
}

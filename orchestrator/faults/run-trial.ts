import type { Setup } from '../e2e/helpers/modes.ts'
import { waitFor } from '../e2e/helpers/wait-for.ts'
import { drawFaults, isKill } from './catalog.ts'
import { checkGuarantees, checkNothingLeft, checkRefusal } from './checks.ts'
import { type Fault, PROMISE_MS } from './fault.ts'
import { UNDISTURBED } from './input-faults.ts'
import { Random } from './random.ts'
import { hasFailed, type Row } from './report.ts'
import { mountSmallDisk } from './small-disk.ts'
import { Trial } from './trial.ts'

/** A result must come again within this time; the job's own deadlines are shorter. */
const RECOVERY_TIMEOUT_MS = 120_000
/** A life ends before its checks, which read its topics, take longer than its faults. */
const FAULTS_PER_LIFE = 10

export interface TrialOptions {
  readonly seed: number
  readonly minutes: number
  /** Those to draw from; all of them can happen in the setup. */
  readonly faults: readonly Fault[]
  readonly print: (row: Row) => void
}

/** Faults, one after another, on one stack until the time is up; then O5. Keeps one row per fault, also if it fails. */
export async function runTrial(setup: Setup, options: TrialOptions, rows: Row[]): Promise<void> {
  const disk = process.getuid?.() === 0 && setup.runtime === 'local' ? await mountSmallDisk() : undefined
  try {
    await runOn(disk?.folder, setup, options, (row) => {
      rows.push(row)
      options.print(row)
    })
  } finally {
    await disk?.remove()
  }
}

async function runOn(
  parent: string | undefined,
  setup: Setup,
  options: TrialOptions,
  keep: (row: Row) => void,
): Promise<void> {
  const trial = await Trial.prepare(setup, { seed: options.seed, parent })
  try {
    await trial.beginLife()
    await injectFaults(trial, options, keep)
  } finally {
    await trial.takeDown()
    keep({
      ...rowOf(trial, 'down'),
      outcome: 'taken down',
      recoveryMs: undefined,
      verdicts: await checkNothingLeft(trial),
    })
    await trial.remove()
  }
}

/** Each kill is tried, however short the time is. */
async function injectFaults(
  trial: Trial,
  { seed, minutes, faults }: TrialOptions,
  keep: (row: Row) => void,
): Promise<void> {
  // Without the time that the stack takes to start.
  const until = performance.now() + minutes * 60_000
  const drawn = drawFaults(faults, new Random(seed, trial.setup.title))
  const killsLeft = new Set(faults.filter(isKill))
  let isNewLife = true
  while (performance.now() < until || killsLeft.size > 0) {
    const fault = isNewLife ? UNDISTURBED : (drawn.next().value as Fault)
    killsLeft.delete(fault)
    const row = await runFault(trial, fault)
    keep(row)
    isNewLife = row.outcome === 'refuses' || hasFailed(row) || trial.faults >= FAULTS_PER_LIFE
    if (isNewLife) await trial.beginLife()
  }
}

const rowOf = ({ setup }: Trial, fault: string) => ({ setup: setup.title, fault, at: new Date() })

async function runFault(trial: Trial, fault: Fault): Promise<Row> {
  const base = rowOf(trial, fault.name)
  if (fault !== UNDISTURBED) trial.faults += 1
  try {
    const { outcome, recoveryMs } = await injectAndRecover(trial, fault)
    const verdicts = await (outcome === 'refuses' ? checkRefusal(trial) : checkGuarantees(trial))
    return { ...base, outcome, recoveryMs: fault === UNDISTURBED ? undefined : recoveryMs, verdicts }
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    const log = await trial.stack.cli(['logs', 'driver', '-n', '40'])
    return {
      ...base,
      outcome: 'goes on',
      recoveryMs: undefined,
      verdicts: [],
      problem: `${problem}\n${log.stdout}`,
    }
  }
}

/**
 * Makes a fault happen under load, and waits for the next result, or for the refusal that it must lead to. Returns how long
 * that took. @throws Error if neither comes, or if a result comes later than promised.
 */
export async function injectAndRecover(
  trial: Trial,
  fault: Fault,
): Promise<{ outcome: 'goes on' | 'refuses'; recoveryMs: number }> {
  trial.load.resume()
  await fault.prepare?.(trial)
  const known = trial.results.producers
  const expected = await fault.inject(trial)
  const { struckMs, sinceMs = struckMs, byNewDriver, brokerBackMs = Number.NaN, refuses } = expected
  if (refuses) {
    await untilRefused(trial, refuses)
    return { outcome: 'refuses', recoveryMs: Date.now() - struckMs }
  }
  trial.load.resume()
  const resultMs = await trial.results.resultSince(
    sinceMs,
    RECOVERY_TIMEOUT_MS,
    byNewDriver ? known : undefined,
  )
  if (resultMs - brokerBackMs > PROMISE_MS)
    throw new Error(`the next result came ${(resultMs - brokerBackMs) / 1_000} s after the broker was back`)
  return { outcome: 'goes on', recoveryMs: resultMs - struckMs }
}

/** The driver ended with exit code 3, was not restarted, and its last error says why. */
async function untilRefused(trial: Trial, pattern: RegExp): Promise<void> {
  const status = await waitFor(
    'the refusal of the job',
    async () => {
      const status = await trial.status()
      return { done: status.driver?.state === 'failed', value: status, seen: JSON.stringify(status) }
    },
    RECOVERY_TIMEOUT_MS,
  )
  const { driver, lastError = '' } = status
  if (driver?.exitCode !== 3 || !pattern.test(lastError))
    throw new Error(
      `expected exit code 3 and ${pattern}, but the driver ended with ${driver?.exitCode}: ${lastError}`,
    )
}

import type { Setup } from '../e2e/helpers/modes.ts'
import { waitFor } from '../e2e/helpers/wait-for.ts'
import { drawFaults } from './catalog.ts'
import { checkGuarantees, checkNothingLeft, checkRefusal } from './checks.ts'
import type { Expectation, Fault } from './fault.ts'
import { UNDISTURBED } from './input-faults.ts'
import { Random } from './random.ts'
import { hasFailed, type Row } from './report.ts'
import { mountSmallDisk } from './small-disk.ts'
import { Trial } from './trial.ts'

/** A result must come again within this time; the job's own deadlines are shorter. */
const RECOVERY_TIMEOUT_MS = 120_000
/** The checks read the topics of a life as a whole, so a life ends before they take longer than the faults. */
const FAULTS_PER_LIFE = 10

export interface TrialOptions {
  readonly seed: number
  readonly minutes: number
  readonly only: RegExp | undefined
  readonly print: (row: Row) => void
}

/** Faults, one after another, on one stack until the time is up; then O5. Returns one row per fault. */
export async function runTrial(setup: Setup, { seed, minutes, only, print }: TrialOptions): Promise<Row[]> {
  const rows: Row[] = []
  const keep = (row: Row) => {
    rows.push(row)
    print(row)
  }
  const disk = process.getuid?.() === 0 && setup.runtime === 'local' ? await mountSmallDisk() : undefined
  const trial = await Trial.start(setup, new Random(seed, `${setup.title} load`), { parent: disk?.folder })
  // Without the time that the stack takes to start.
  const until = performance.now() + minutes * 60_000
  try {
    const faults = drawFaults(setup, new Random(seed, setup.title), only)
    let next: Fault | undefined = UNDISTURBED
    while (performance.now() < until) {
      const row = await runFault(trial, next ?? (faults.next().value as Fault))
      keep(row)
      next = undefined
      if (row.outcome === 'refuses' || hasFailed(row) || trial.faults >= FAULTS_PER_LIFE) {
        await trial.beginLife()
        next = UNDISTURBED
      }
    }
  } finally {
    await trial.takeDown()
    keep({
      ...rowOf(trial, 'down'),
      outcome: 'taken down',
      recoveryMs: undefined,
      verdicts: await checkNothingLeft(trial),
    })
    await trial.remove()
    await disk?.remove()
  }
  return rows
}

const rowOf = ({ setup }: Trial, fault: string) => ({ setup: setup.title, fault, at: new Date() })

async function runFault(trial: Trial, fault: Fault): Promise<Row> {
  const base = rowOf(trial, fault.name)
  if (fault !== UNDISTURBED) trial.faults += 1
  try {
    trial.load.resume()
    await fault.prepare?.(trial)
    const startMs = Date.now()
    const start = performance.now()
    const expectation = await fault.inject(trial)
    if ('refuses' in expectation) {
      await untilRefused(trial, expectation)
      const recoveryMs = performance.now() - start
      return { ...base, outcome: 'refuses', recoveryMs, verdicts: await checkRefusal(trial) }
    }
    trial.load.resume()
    await trial.resultSince(expectation.since ?? startMs, RECOVERY_TIMEOUT_MS)
    const recoveryMs = fault === UNDISTURBED ? undefined : performance.now() - start
    return { ...base, outcome: 'goes on', recoveryMs, verdicts: await checkGuarantees(trial) }
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

/** The driver ended with exit code 3, was not restarted, and its last error says why. */
async function untilRefused(trial: Trial, expectation: Expectation & { refuses: RegExp }): Promise<void> {
  const status = await waitFor(
    'the refusal of the job',
    async () => {
      const status = await trial.status()
      return { done: status.driver?.state === 'failed', value: status, seen: JSON.stringify(status) }
    },
    RECOVERY_TIMEOUT_MS,
  )
  const { driver, lastError = '' } = status
  if (driver?.exitCode !== 3 || !expectation.refuses.test(lastError))
    throw new Error(
      `expected exit code 3 and ${expectation.refuses}, but the driver ended with ${driver?.exitCode}: ${lastError}`,
    )
}

import { jobSentence } from '../query/job-words.ts'
import { jobNow } from '../query/status.ts'
import { hasProcess } from '../runtime/driver-state.ts'
import type { DriverStatus, Runtime } from '../runtime/runtime.ts'

const CHECK_EVERY_MS = 2_000
/** Late samples are reported again after this time at the earliest. */
const REPORT_LATE_EVERY_MS = 30_000
/** After this time without a sample, the live line says so. */
const QUIET_MS = 10_000

/** What a tail says about the job beside its results. */
export interface JobFacts {
  /** Undefined if there is no job. */
  readonly state: DriverStatus['state'] | undefined
  /** Late samples since the checkpoint began. */
  readonly late: number
  /** When the job last committed a batch that had read records, epoch ms; undefined before that. */
  readonly lastReadMs: number | undefined
}

/** Why no results may come, in a few words; empty while the job runs. A clean stop leaves only the job's log. */
function stateText({ state, lastReadMs }: JobFacts): string {
  if (state) return hasProcess({ state }) ? '' : jobSentence(state)
  return lastReadMs === undefined ? 'no job runs' : 'the job is stopped'
}

const lateText = (late: number): string => `${late.toLocaleString('en')} late`

/** For the live line: what keeps results from coming. `newestMs`: when the newest result was written, epoch ms. */
export function jobTexts(facts: JobFacts, newestMs: number | undefined, nowMs: number): string[] {
  const lastMs = Math.max(facts.lastReadMs ?? 0, newestMs ?? 0)
  const quietMs = nowMs - lastMs
  const quiet =
    lastMs > 0 && quietMs >= QUIET_MS
      ? `no sample for ${Math.floor(quietMs / 1_000).toLocaleString('en')} s`
      : ''
  return [stateText(facts), quiet, facts.late > 0 ? lateText(facts.late) : ''].filter((text) => text !== '')
}

/** Checks in the background whether the job runs, and reports when it no longer does, and when samples are late. */
export class JobWatch {
  readonly #runtime: Runtime
  readonly #signal: AbortSignal
  readonly #report: (line: string) => void
  #facts: JobFacts | undefined
  #checkedAt = Number.NEGATIVE_INFINITY
  #isChecking = false
  #reportedState = ''
  #reportedLate = 0
  #reportedLateAt = Number.NEGATIVE_INFINITY

  constructor(runtime: Runtime, signal: AbortSignal, report: (line: string) => void) {
    this.#runtime = runtime
    this.#signal = signal
    this.#report = report
  }

  /**
   * The last facts; undefined before the first check has ended. Begins another check if it is time for one, by any clock
   * that goes on.
   */
  facts(nowMs: number): JobFacts | undefined {
    if (!this.#isChecking && nowMs - this.#checkedAt >= CHECK_EVERY_MS) void this.#check(nowMs)
    return this.#facts
  }

  async #check(nowMs: number): Promise<void> {
    this.#isChecking = true
    this.#checkedAt = nowMs
    try {
      this.#facts = await readFacts(this.#runtime, this.#signal)
      if (!this.#signal.aborted) this.#reportChanges(this.#facts, nowMs)
    } catch {
      // The next check may succeed; results are shown meanwhile.
    } finally {
      this.#isChecking = false
    }
  }

  #reportChanges(facts: JobFacts, nowMs: number): void {
    const text = stateText(facts)
    if (text !== this.#reportedState)
      this.#report(text === '' ? 'the job runs again' : `${text}; \`cpu-anomaly status\` shows more`)
    this.#reportedState = text
    if (facts.late <= this.#reportedLate || nowMs - this.#reportedLateAt < REPORT_LATE_EVERY_MS) return
    this.#report(`${lateText(facts.late)}: so many samples came too late to be in any window`)
    this.#reportedLate = facts.late
    this.#reportedLateAt = nowMs
  }
}

async function readFacts(runtime: Runtime, signal: AbortSignal): Promise<JobFacts> {
  const { driver, progress } = await jobNow(runtime, signal)
  return {
    state: driver?.state,
    late: progress?.late || 0,
    lastReadMs: progress?.lastReadAt === undefined ? undefined : Date.parse(progress.lastReadAt),
  }
}

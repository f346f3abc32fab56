import type { JobNow } from '../query/job-now.ts'
import { jobSentence } from '../query/job-words.ts'
import { lateText } from '../query/late-text.ts'
import type { LateDetails } from '../query/progress.ts'
import { isRunning } from '../runtime/driver-state.ts'
import type { DriverStatus } from '../runtime/runtime.ts'
import type { LatestJob } from './latest-job.ts'

/** No longer than a window waits before it counts as closed: by then the delay of its batch is known. */
const CHECK_EVERY_MS = 1_000
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
  /** Which those are; undefined if the log does not say. */
  readonly lateDetails?: LateDetails | undefined
  /** When the job last committed a batch that had read records, epoch ms; undefined before that. */
  readonly lastReadMs: number | undefined
}

/** Why no results may come, in a few words; empty while the job runs. A clean stop leaves only the job's log. */
function stateText({ state, lastReadMs }: JobFacts): string {
  if (state) return isRunning({ state }) ? '' : jobSentence(state)
  return lastReadMs === undefined ? 'no job runs' : 'the job is stopped'
}

/** Why the last windows are not final; `unread` is undefined if unknown. */
function unreadText(state: string, unread: number | undefined): string {
  const what =
    unread === undefined
      ? 'how far it has read the input is not known'
      : `${unread.toLocaleString('en')} ${unread === 1 ? 'record is' : 'records are'} unread`
  return `${state}; ${what}, so the last windows are not final`
}

const lateCount = (late: number): string => `${late.toLocaleString('en')} late`

/** For the live line: what keeps results from coming. `newestMs`: when the newest result was written, epoch ms. */
export function jobTexts(facts: JobFacts, newestMs: number | undefined, nowMs: number): string[] {
  const lastMs = Math.max(facts.lastReadMs ?? 0, newestMs ?? 0)
  const quietMs = nowMs - lastMs
  const quiet =
    lastMs > 0 && quietMs >= QUIET_MS
      ? `no sample for ${Math.floor(quietMs / 1_000).toLocaleString('en')} s`
      : ''
  return [stateText(facts), quiet, facts.late > 0 ? lateCount(facts.late) : ''].filter((text) => text !== '')
}

/** Checks in the background whether the job runs, and reports when it no longer does, and when samples are late. */
export class JobWatch {
  readonly #job: LatestJob
  readonly #signal: AbortSignal
  readonly #report: (line: string) => void
  #facts: JobFacts | undefined
  #delayMsAt: JobNow['delayMsAt'] = () => undefined
  #checkedAt = Number.NEGATIVE_INFINITY
  #isChecking = false
  #reportedState = ''
  #checkpoint: Checkpoint | undefined
  #hasNewCheckpoint = false
  /** Of this state. */
  #hasReportedUnread = false
  #reportedLate = 0
  #reportedLateAt = Number.NEGATIVE_INFINITY

  constructor(job: LatestJob, signal: AbortSignal, report: (line: string) => void) {
    this.#job = job
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

  /** True once after the job has begun on an empty checkpoint: it writes the windows anew. */
  takeNewCheckpoint(): boolean {
    const isNew = this.#hasNewCheckpoint
    this.#hasNewCheckpoint = false
    return isNew
  }

  /** The watermark's delay when a result was written, as far as the last check knows. */
  delayMsAt(writtenMs: number): number | undefined {
    return this.#delayMsAt(writtenMs)
  }

  /** Reports once what a job that does not run has left unread; undefined: unknown. */
  reportUnread(unread: number | undefined): void {
    if (this.#reportedState === '' || this.#hasReportedUnread) return
    this.#hasReportedUnread = true
    this.#report(unreadText(this.#reportedState, unread))
  }

  async #check(nowMs: number): Promise<void> {
    this.#isChecking = true
    this.#checkedAt = nowMs
    try {
      const job = await this.#job.within(CHECK_EVERY_MS, nowMs)
      this.#facts = factsOf(job)
      this.#delayMsAt = job.delayMsAt
      this.#compare({ began: job.checkpointBegan })
      if (!this.#signal.aborted) this.#reportChanges(this.#facts, nowMs)
    } catch {
      // The next check may succeed; results are shown meanwhile.
    } finally {
      this.#isChecking = false
    }
  }

  #compare(checkpoint: Checkpoint): void {
    const isNew = this.#checkpoint !== undefined && checkpoint.began !== undefined
    if (isNew && checkpoint.began !== this.#checkpoint?.began) {
      this.#hasNewCheckpoint = true
      this.#reportedLate = 0
      this.#report('the job has begun anew, on an empty checkpoint')
    }
    if (checkpoint.began !== undefined || this.#checkpoint === undefined) this.#checkpoint = checkpoint
  }

  #reportChanges(facts: JobFacts, nowMs: number): void {
    const text = stateText(facts)
    if (text !== this.#reportedState) {
      this.#report(text === '' ? 'the job runs again' : `${text}; \`cpu-anomaly status\` shows more`)
      this.#hasReportedUnread = false
    }
    this.#reportedState = text
    if (facts.late <= this.#reportedLate || nowMs - this.#reportedLateAt < REPORT_LATE_EVERY_MS) return
    const details = facts.lateDetails ? `; ${lateText(facts.lateDetails)}` : ''
    this.#report(`${lateCount(facts.late)}: so many samples came too late to be in any window${details}`)
    this.#reportedLate = facts.late
    this.#reportedLateAt = nowMs
  }
}

interface Checkpoint {
  /** Undefined if the log does not say. */
  readonly began: string | undefined
}

const factsOf = ({ driver, progress }: JobNow): JobFacts => ({
  state: driver?.state,
  late: progress?.late || 0,
  lateDetails: progress?.lateDetails,
  lastReadMs: progress?.lastReadAt === undefined ? undefined : Date.parse(progress.lastReadAt),
})

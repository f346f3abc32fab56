import type { JobNow } from '../query/job-now.ts'

/** The job as it was last read. One read of the driver's log, up to 4 MB, serves everyone whom its age suits. */
export class LatestJob {
  readonly #read: () => Promise<JobNow>
  #reading: Promise<JobNow> | undefined
  #last: { readonly job: JobNow; readonly atMs: number } | undefined

  constructor(read: () => Promise<JobNow>) {
    this.#read = read
  }

  /** The job as it was at most `maxAgeMs` before now, by any clock that goes on. @throws what reading the log throws. */
  async within(maxAgeMs: number, nowMs: number): Promise<JobNow> {
    if (this.#last && nowMs - this.#last.atMs < maxAgeMs) return this.#last.job
    this.#reading ??= this.#readAt(nowMs)
    return this.#reading
  }

  async #readAt(nowMs: number): Promise<JobNow> {
    try {
      const job = await this.#read()
      this.#last = { job, atMs: nowMs }
      return job
    } finally {
      this.#reading = undefined
    }
  }
}

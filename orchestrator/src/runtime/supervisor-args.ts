import type { Submission } from './runtime.ts'

/**
 * How much longer than the supervisor's own stop timeout a command waits before it kills the supervisor: by then the
 * supervisor has killed the driver.
 */
export const SUPERVISOR_MARGIN_MS = 30_000

/** Size at which the driver's log is rotated. */
export const MAX_LOG_BYTES = 50_000_000

export interface SupervisedDriver {
  /** Written by the supervisor at each change of state. */
  readonly stateFile: string
  /** The driver stops as soon as this file exists. */
  readonly stopFile: string
  /** Written by the driver once its query runs. */
  readonly readyFile: string
  /** The folder whose files are named by the commits: Spark's own, or that in which the driver shows the newest. */
  readonly commits: string
  readonly sparkSubmit: string
  readonly jobFile: string
  /** Further options of the supervisor. */
  readonly options: readonly string[]
}

/** The arguments of `spark-job/supervise.py`, which end with the driver's own command. */
export function supervisorArgs(
  driver: SupervisedDriver,
  { submitArgs, stopTimeoutMs }: Pick<Submission, 'submitArgs' | 'stopTimeoutMs'>,
): string[] {
  const files = [
    '--state',
    driver.stateFile,
    '--stop-file',
    driver.stopFile,
    '--ready-file',
    driver.readyFile,
    '--commits',
    driver.commits,
  ]
  const stop = ['--stop-timeout', String(stopTimeoutMs / 1_000)]
  return [...files, ...stop, ...driver.options, '--', driver.sparkSubmit, ...submitArgs, driver.jobFile]
}

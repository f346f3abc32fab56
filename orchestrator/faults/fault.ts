import type { Setup } from '../e2e/helpers/modes.ts'
import type { Trial } from './trial.ts'

/** How the job must take a fault. It goes on, unless `refuses` says otherwise. Times are in ms since 1970. */
export interface Expectation {
  /** When the fault had taken effect or, if it lasts for some time, was over: the recovery counts from here. */
  readonly struckMs: number
  /** Only a result of a window that began at this time or later shows that the job goes on; `struckMs` by default. */
  readonly sinceMs?: number
  /** Only a result of a new driver does: on a cluster, executors go on for some seconds when theirs has ended. */
  readonly byNewDriver?: boolean
  /** When the broker was back: the next result comes within `PROMISE_MS` of this time. */
  readonly brokerBackMs?: number
  /** The job ends with exit code 3 and a message that matches. */
  readonly refuses?: RegExp
}

/**
 * A guarantee of both modes, and no race: it takes some seconds, most of them until Kafka's clients connect again. How long
 * a new driver or broker takes to start is up to the machine; the suite only prints that.
 */
export const PROMISE_MS = 30_000

/** The job goes on. */
export const continues = (struckMs: number): Expectation => ({ struckMs })

/** The job goes on with another driver than before. */
export const continuesAnew = (struckMs: number): Expectation => ({ struckMs, byNewDriver: true })

export interface Fault {
  /** The part, and what happens to it. */
  readonly name: string
  /** Why it cannot happen in this setup; undefined if it can. */
  readonly unfit?: (setup: Setup) => string | undefined
  /** What has to be in place before the fault; it does not count as recovery. */
  readonly prepare?: (trial: Trial) => Promise<void>
  /**
   * Makes the fault happen, makes sure that it did, and does what a user would do about it. Returns what the job must do now.
   * @throws Error if the fault had no effect, or if the product behaved otherwise than it promises.
   */
  readonly inject: (trial: Trial) => Promise<Expectation>
}

export const onlyDocker = ({ runtime }: Setup): string | undefined =>
  runtime === 'docker' ? undefined : 'there is no such container'

import type { Setup } from '../e2e/helpers/modes.ts'
import type { Trial } from './trial.ts'

/** How the job must take a fault: it goes on, or it ends with exit code 3 and a message that matches. */
export type Expectation =
  | {
      readonly continues: true
      /** A result counts as recovery if its window began at this time, in ms, or later; by default the fault's time. */
      readonly since?: number
    }
  | { readonly refuses: RegExp }

export const CONTINUES: Expectation = { continues: true }

export interface Fault {
  /** The part, and what happens to it. */
  readonly name: string
  /** Why it cannot happen in this setup; undefined if it can. */
  readonly unfit?: (setup: Setup) => string | undefined
  /** What has to be in place before the fault; it does not count as recovery. */
  readonly prepare?: (trial: Trial) => Promise<void>
  /**
   * Makes the fault happen and does what a user would do about it. Returns what the job must do now.
   * @throws Error if the product behaved otherwise than it promises.
   */
  readonly inject: (trial: Trial) => Promise<Expectation>
}

export const onlyDocker = ({ runtime }: Setup): string | undefined =>
  runtime === 'docker' ? undefined : 'there is no such container'

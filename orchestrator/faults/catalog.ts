import type { Setup } from '../e2e/helpers/modes.ts'
import { CHECKPOINT_FAULTS } from './checkpoint-faults.ts'
import { CLOCK_FAULTS } from './clock-faults.ts'
import { DISK_FAULTS } from './disk-faults.ts'
import type { Fault } from './fault.ts'
import { INPUT_FAULTS } from './input-faults.ts'
import { PROCESS_FAULTS } from './process-faults.ts'
import type { Random } from './random.ts'
import { TOPIC_FAULTS } from './topic-faults.ts'

export const FAULTS: readonly Fault[] = [
  ...PROCESS_FAULTS,
  ...INPUT_FAULTS,
  ...TOPIC_FAULTS,
  ...CHECKPOINT_FAULTS,
  ...DISK_FAULTS,
  ...CLOCK_FAULTS,
]

/**
 * Draws faults without end: every fault that fits the setup once, in a random order, then all of them again. One damage of
 * the checkpoint is as likely as one fault of a process, although there are more kinds of it.
 */
export function* drawFaults(setup: Setup, random: Random, only: RegExp | undefined): Generator<Fault> {
  const fitting = FAULTS.filter((fault) => !fault.unfit?.(setup) && (only?.test(fault.name) ?? true))
  if (fitting.length === 0) throw new Error(`no fault fits ${setup.title}${only ? ` and ${only}` : ''}`)
  for (;;) yield* random.shuffle(fitting)
}

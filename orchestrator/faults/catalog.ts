import type { Setup } from '../e2e/helpers/modes.ts'
import { CHECKPOINT_FAULTS } from './checkpoint-faults.ts'
import { CLOCK_FAULTS } from './clock-faults.ts'
import { DISK_FAULTS } from './disk-faults.ts'
import type { Fault } from './fault.ts'
import { INPUT_FAULTS } from './input-faults.ts'
import { KILLS, PROCESS_FAULTS } from './process-faults.ts'
import type { Random } from './random.ts'
import { TOPIC_FAULTS } from './topic-faults.ts'

const FAULTS: readonly Fault[] = [
  ...PROCESS_FAULTS,
  ...INPUT_FAULTS,
  ...TOPIC_FAULTS,
  ...DISK_FAULTS,
  ...CLOCK_FAULTS,
  ...CHECKPOINT_FAULTS,
]

/** The faults whose names match. @throws Error if there is none. */
export function namedFaults(only: RegExp | undefined): readonly Fault[] {
  const named = FAULTS.filter(({ name }) => only?.test(name) ?? true)
  if (named.length === 0) throw new Error(`no fault is named like ${only}`)
  return named
}

export const fitting = (faults: readonly Fault[], setup: Setup): readonly Fault[] =>
  faults.filter((fault) => !fault.unfit?.(setup))

/** Processes fail more often than files, of which there are as many ways to be damaged as there are other faults. */
const weightOf = (fault: Fault): number => {
  if (PROCESS_FAULTS.includes(fault)) return 4
  return CHECKPOINT_FAULTS.includes(fault) ? 1 : 2
}

export const isKill = (fault: Fault): boolean => KILLS.includes(fault)

/** Draws faults without end, each one once before any of them again: first the kills, then the others, shuffled. */
export function* drawFaults(faults: readonly Fault[], random: Random): Generator<Fault> {
  for (;;) {
    yield* random.shuffle(faults.filter(isKill))
    yield* random.shuffle(
      faults.filter((fault) => !isKill(fault)),
      weightOf,
    )
  }
}

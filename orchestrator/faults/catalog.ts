import type { Setup } from '../e2e/helpers/modes.ts'
import { CHECKPOINT_FAULTS } from './checkpoint-faults.ts'
import { CLOCK_FAULTS } from './clock-faults.ts'
import { DISK_FAULTS } from './disk-faults.ts'
import type { Fault } from './fault.ts'
import { INPUT_FAULTS } from './input-faults.ts'
import { PROCESS_FAULTS } from './process-faults.ts'
import type { Random } from './random.ts'
import { TOPIC_FAULTS } from './topic-faults.ts'

const FAULTS: readonly Fault[] = [
  ...PROCESS_FAULTS,
  ...INPUT_FAULTS,
  ...TOPIC_FAULTS,
  ...DISK_FAULTS,
  ...CLOCK_FAULTS,
]

/** There are as many ways to damage a checkpoint as other faults, and each takes a restart: this many are drawn per round. */
const CHECKPOINT_FAULTS_PER_ROUND = 5

/** Draws faults without end, in rounds: each one that fits the setup once per round, in a random order. */
export function* drawFaults(setup: Setup, random: Random, only: RegExp | undefined): Generator<Fault> {
  const fits = (fault: Fault) => !fault.unfit?.(setup) && (only?.test(fault.name) ?? true)
  const [others, ofCheckpoint] = [FAULTS.filter(fits), CHECKPOINT_FAULTS.filter(fits)]
  if (others.length + ofCheckpoint.length === 0)
    throw new Error(`no fault fits ${setup.title}${only ? ` and ${only}` : ''}`)
  for (;;) {
    const some = random.shuffle(ofCheckpoint).slice(0, CHECKPOINT_FAULTS_PER_ROUND)
    yield* random.shuffle([...others, ...some])
  }
}

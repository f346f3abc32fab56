import { type Candidate, candidates } from './runtimes.ts'
import type { RuntimeUnderTest } from './stack.ts'

export type Mode = 'micro-batch' | 'real-time'

const SETTINGS: Readonly<Record<Mode, Readonly<Record<string, string>>>> = {
  'micro-batch': {},
  'real-time': { TRIGGER: 'real-time', CHECKPOINT_INTERVAL: '5 seconds' },
}

export interface Setup extends Candidate {
  readonly mode: Mode
  readonly settings: Readonly<Record<string, string>>
  /** Tests that cost more than they would show are run on one of the runtimes only. */
  readonly brief: boolean
}

/** Each runtime in each mode. */
export async function setups(): Promise<Setup[]> {
  const runtimes = await candidates()
  return (['micro-batch', 'real-time'] as const).flatMap((mode) =>
    runtimes.map((candidate) => ({
      ...candidate,
      mode,
      title: `${candidate.title}, ${mode}`,
      settings: { ...SETTINGS[mode], ...(mode === 'real-time' && slotsOn(candidate.runtime)) },
      brief: candidate.runtime === 'docker' && mode === 'real-time',
    })),
  )
}

/** Workers offer as many task slots as there are cores; a process of this machine makes as many as it needs. */
const slotsOn = (runtime: RuntimeUnderTest) => (runtime === 'docker' ? { SPARK_CORES: '3' } : {})

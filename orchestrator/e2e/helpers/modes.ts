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
  /** True if it tests what becomes of each kind of record, which is the same code on every runtime. */
  readonly triesLines: boolean
  /** True if it also tests what does not depend on the mode, or what another suite tests in the other setups. */
  readonly triesAll: boolean
}

/** Every combination of runtime and trigger mode. */
export async function setups(): Promise<Setup[]> {
  const runtimes = await candidates()
  return (['micro-batch', 'real-time'] as const).flatMap((mode) =>
    runtimes.map((candidate) => ({
      ...candidate,
      mode,
      title: `${candidate.title}, ${mode}`,
      settings: { ...SETTINGS[mode], ...(mode === 'real-time' && slotsOn(candidate.runtime)) },
      triesLines: candidate.runtime === 'local',
      triesAll: candidate.runtime === 'local' && mode === 'micro-batch',
    })),
  )
}

/** Workers have one task slot per core; the local runtime has as many slots as the query needs. */
const slotsOn = (runtime: RuntimeUnderTest) => (runtime === 'docker' ? { SPARK_CORES: '3' } : {})

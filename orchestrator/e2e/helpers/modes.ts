import { type Candidate, candidates } from './runtimes.ts'
import type { RuntimeUnderTest } from './stack.ts'

export type Mode = 'micro-batch' | 'real-time'

const SETTINGS: Readonly<Record<Mode, Readonly<Record<string, string>>>> = {
  'micro-batch': {},
  'real-time': { TRIGGER: 'real-time', CHECKPOINT_INTERVAL: '5 seconds' },
}

/**
 * True if each test runs in every setup, for an hour or more, instead of once or in those setups that differ for it.
 * Starting a job takes longer than nearly all that is tested.
 */
export const everywhere = process.env.E2E_EVERYWHERE === '1'

/** The modes in which to test what is the same in both. */
export const modesOr = (only: Mode): readonly Mode[] => (everywhere ? ['micro-batch', 'real-time'] : [only])

export interface Setup extends Candidate {
  readonly mode: Mode
  readonly settings: Readonly<Record<string, string>>
  /** True if it tests what becomes of each kind of record, which is the same code on every runtime. */
  readonly triesLines: boolean
  /** True if it also tests what does not depend on the mode. */
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
      triesLines: everywhere || candidate.runtime === 'local',
      triesAll: everywhere || (candidate.runtime === 'local' && mode === 'micro-batch'),
    })),
  )
}

/** Workers have one task slot per core; the local runtime has as many slots as the query needs. */
const slotsOn = (runtime: RuntimeUnderTest) => (runtime === 'docker' ? { SPARK_CORES: '3' } : {})

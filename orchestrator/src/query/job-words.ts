import type { DriverStatus } from '../runtime/runtime.ts'

type State = DriverStatus['state']

interface Words {
  /** As `status` shows it beside the label `job`. */
  readonly label: string
  /** What follows "the job" in a sentence; the label if it is not set. */
  readonly verb?: string
  /** What the user can do. */
  readonly advice?: string
}

const SUBMIT = '`cpu-anomaly submit` continues it from its last commit'
const LOG = '`cpu-anomaly logs driver -n 200` shows why'

/** The only words for the states of the job's driver. */
const WORDS: Readonly<Record<State, Words>> = {
  starting: { label: 'starting', verb: 'is starting' },
  running: { label: 'running', verb: 'runs' },
  'backing-off': { label: 'failed and will be restarted' },
  'gave-up': { label: 'gave up after repeated failures', advice: `${SUBMIT}, ${LOG}` },
  failed: { label: 'failed, and a restart would not help', advice: LOG },
  stopped: { label: 'stopped', verb: 'is stopped' },
  orphaned: {
    label: 'running without its supervisor',
    verb: 'runs without its supervisor',
    advice: 'run `cpu-anomaly stop`, then `submit`',
  },
  lost: { label: 'killed', verb: 'was killed', advice: SUBMIT },
}

export const jobLabel = (state: State): string => WORDS[state].label

/** A sentence without its full stop. */
export const jobSentence = (state: State): string => `the job ${WORDS[state].verb ?? WORDS[state].label}`

/** Undefined if the job needs nobody to do anything. */
export const jobAdvice = (state: State): string | undefined => WORDS[state].advice

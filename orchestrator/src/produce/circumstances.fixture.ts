import type { Circumstances } from './prospects.ts'

export const NOW = Date.parse('2026-01-01T00:00:00Z')

/** What `produce` knows with the default settings, of a file and without a job. */
export const usual: Circumstances = {
  name: 'cpu.csv',
  isComplete: true,
  nowMs: NOW,
  clockBehindMs: 0,
  setBackMs: 0,
  maxFutureSkewMs: 300_000,
  batchMs: 0,
  windowMs: 500,
  cpuMin: undefined,
  cpuMax: undefined,
  toleranceMs: 10_500,
  deadLetterTopic: 'dead',
  isSorted: false,
  isReadAgain: true,
  job: undefined,
}

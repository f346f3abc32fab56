import { expect, it } from 'vitest'
import { formatSummary, type Row } from './report.ts'

const row = (fault: string, recoveryMs: number, problem?: string): Row => ({
  setup: 'local, real-time',
  fault,
  at: new Date(0),
  recoveryMs,
  outcome: 'goes on',
  verdicts: [undefined, undefined, undefined, undefined, undefined],
  ...(problem ? { problem } : {}),
})

it('sums up one setup: recoveries, failures, what was never drawn and what cannot happen', () => {
  const text = formatSummary({
    setup: 'local, real-time',
    rows: [row('broker: SIGKILL', 5_000), row('broker: SIGKILL', 9_000, 'it was late')],
    names: ['broker: SIGKILL', 'driver: SIGKILL', 'driver: SIGSTOP'],
    unfit: ['worker: SIGKILL (there is no such container)'],
  })
  expect(text).toMatch(/^local, real-time: 2 rows, 1 failed\n/)
  expect(text).toMatch(/broker: SIGKILL +2 times {2}median +5\.0 s {2}longest +9\.0 s {2}1 FAILED\n/)
  expect(text).toMatch(/\n +never drawn: driver: SIGKILL; driver: SIGSTOP\n/)
  expect(text).toMatch(/cannot happen here: worker: SIGKILL \(there is no such container\)$/)
})

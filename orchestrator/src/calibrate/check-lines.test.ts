import { expect, it } from 'vitest'
import { checkText, differenceLines } from './check-lines.ts'
import type { Check } from './protocol.ts'

const check: Check = {
  event: 'check',
  compared: 50,
  differing: 0,
  predicted_warn: 1,
  predicted_error: 3,
  said_warn: 1,
  said_error: 3,
  predicted_samples: 1_000,
  said_samples: 1_000,
  first: [],
}
const value = { mean: 10.12345, stddev: 1, count: 20, status: 'WARN' }

it('says that all windows are as predicted', () => {
  expect(checkText(check)).toBe('All 50 windows are as predicted: 1 WARN, 3 ERROR')
})

it('names the windows that differ, and what may be the reason', () => {
  const differing = {
    ...check,
    differing: 2,
    said_samples: 979,
    first: [
      { series: 'a\u001b', start_ms: 0, predicted: value, said: { ...value, count: 19, status: 'SAFE' } },
      { series: '', start_ms: 500, predicted: value, said: null },
    ],
  }
  expect(checkText(differing)).toMatch(/^2 of 50 windows differ/)
  expect(differenceLines(differing, { late: 21, unread: 3 })).toEqual([
    '1970-01-01T00:00:00.000Z a\\x1b: predicted WARN with 20 samples, mean 10.1235, said SAFE with 19 samples, mean 10.1235',
    '1970-01-01T00:00:00.500Z: predicted WARN with 20 samples, mean 10.1235, not said',
    '21 samples fewer than predicted in the windows that the job has said',
    '21 samples came late, so in no window; calibrate counts late samples too',
    '3 records of the topic not yet read by the job: check again later',
  ])
})

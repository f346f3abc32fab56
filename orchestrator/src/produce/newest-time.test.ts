import { expect, it } from 'vitest'
import { newestTime } from './newest-time.ts'

const record = (value: string | null) => ({ value: value === null ? null : Buffer.from(value) })

it.each([
  [[record('1700000000002,1\n1700000000003,1'), record('1700000000001,1')], 1_700_000_000_003],
  [[record('1700000000001,1'), record('1800000000000,1'), record('1700000000,1')], 1_700_000_000_001],
  [[record('n/a'), record(null)], Number.NEGATIVE_INFINITY],
  [[], Number.NEGATIVE_INFINITY],
])('of %j', (records, expected) => {
  expect(newestTime(records, 1_750_000_000_000)).toBe(expected)
})

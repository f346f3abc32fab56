import { expect, it } from 'vitest'
import { shiftNewestTo } from './restamp.ts'

it('moves the newest sample to the time and keeps the spacing', () => {
  const restamp = shiftNewestTo({ number: 1, timeMs: 2_000 }, 10_000)
  expect([1_000, 1_500, 2_000].map((timeMs) => restamp({ timeMs }))).toEqual([9_000, 9_500, 10_000])
})

import { expect, it } from 'vitest'
import { normalOf } from './normal.ts'

it('is the median of the means and 1.4826 times their median absolute deviation', () => {
  // Deviations from the median 50: 20, 20, 0, 30, 45.
  expect(normalOf([30, 70, 50, 20, 95])).toEqual({ mean: 50, stddev: 29.65 })
})

it('is not narrower than what is worth attention, and one outlier does not move it', () => {
  expect(normalOf([20, 21, 20, 19, 100])).toEqual({ mean: 20, stddev: 25 })
})

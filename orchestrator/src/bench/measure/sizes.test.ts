import { expect, it } from 'vitest'
import { benchSizes } from './sizes.ts'

it('measures as many cores as the machine has', () => {
  expect(benchSizes(true, 1).scaling.cores).toEqual([1])
  expect(benchSizes(false, 8).scaling.cores).toEqual([1, 2])
})

it.each([true, false])(
  'reads each load in at least four batches, so that two are sustained (quick: %s)',
  (quick) => {
    for (const { samples, perRecord, batchRecords } of benchSizes(quick, 2).throughput.loads)
      expect(samples / perRecord / batchRecords).toBeGreaterThanOrEqual(4)
  },
)

it('measures several checkpoint intervals of 30 s in full', () => {
  expect(benchSizes(false, 2).latency.seconds).toBeGreaterThanOrEqual(4 * 30)
})

it('measures ten times as many rows in full', () => {
  const { rows } = benchSizes(false, 2).scaling
  expect(Math.max(...rows) / Math.min(...rows)).toBeGreaterThanOrEqual(10)
})

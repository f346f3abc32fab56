import { expect, it } from 'vitest'
import { benchSizes } from './sizes.ts'

it('measures up to four cores, up to two in a quick run, and no more than there are', () => {
  expect(benchSizes(true, 1).scaling.cores).toEqual([1])
  expect(benchSizes(true, 8).scaling.cores).toEqual([1, 2])
  expect(benchSizes(false, 3).scaling.cores).toEqual([1, 2, 3])
  expect(benchSizes(false, 8).scaling.cores).toEqual([1, 2, 3, 4])
})

it.each([true, false])(
  'reads each load in at least four batches, so that two are neither first nor last (quick: %s)',
  (quick) => {
    for (const { samples, perRecord, batchRecords } of benchSizes(quick, 2).throughput.loads)
      expect(samples / perRecord / batchRecords).toBeGreaterThanOrEqual(4)
  },
)

it('measures several checkpoint intervals of 30 s in a full run', () => {
  expect(benchSizes(false, 2).latency.seconds).toBeGreaterThanOrEqual(4 * 30)
})

it('measures ten times as many samples in a full run', () => {
  const { sampleCounts } = benchSizes(false, 2).scaling
  expect(Math.max(...sampleCounts) / Math.min(...sampleCounts)).toBeGreaterThanOrEqual(10)
})

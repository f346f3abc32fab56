import { describe, expect, it } from 'vitest'
import { latencyResult, scalingResult, throughputResult } from '../measure/results.fixture.ts'
import { samplesChecks } from '../measure/results.ts'
import { resultTables } from './tables.ts'

const rowsOf = (...given: Parameters<typeof resultTables>) => resultTables(...given).map(({ rows }) => rows)

describe('tables', () => {
  it('show the job beside the bare read', () => {
    expect(rowsOf([throughputResult(1)], [])).toEqual([
      [['one sample per record', '2 M', '1.20 M/s', '1.60 M/s', '75 %', '']],
    ])
  })

  it('show time and memory of a drained backlog', () => {
    const backlog = {
      measurement: 'backlog',
      samples: 5_000_000,
      wallMs: 5_000,
      rate: 1_000_000,
      peakRssBytes: 9e8,
    } as const
    expect(rowsOf([backlog], [])).toEqual([
      [['backlog, new driver, in 5.0 s', '5 M', '1.00 M/s', '', '', '900 MB']],
    ])
  })

  it('show baselines as a share of the rate without one', () => {
    const common = { measurement: 'baseline', series: 1_000, samples: 1_000_000 } as const
    const none = { ...common, name: 'none', normals: 0, rates: [500_000], rate: 500_000, share: 1 }
    const each = { ...common, name: 'one normal each', normals: 1_000, rates: [4e5], rate: 4e5, share: 0.8 }
    expect(rowsOf([none, each], [])).toEqual([
      [
        ['none', '1,000', '0', '1 M', '500 k/s', '100 %'],
        ['one normal each', '1,000', '1,000', '1 M', '400 k/s', '80 %'],
      ],
    ])
  })

  it('show the first and final value of each mode, and the breakdown for micro-batches only', () => {
    expect(rowsOf([latencyResult('micro-batch'), latencyResult('real-time')], [])).toEqual([
      [
        ['micro-batch, first', '0.0', '4.0', '5.0', '6.0', '7.0', '', ''],
        ['micro-batch, final', '20', '30', '40', '50', '60', '25 %', '2.5 ms'],
        ['real-time, first', '0.0', '4.0', '5.0', '6.0', '7.0', '', ''],
        ['real-time, final', '20', '30', '40', '50', '60', '25 %', '2.5 ms'],
      ],
      [['micro-batch', '50', '40', '60', '70', '2.0']],
    ])
  })

  it('end the scaling with the cost of more samples', () => {
    const results = [scalingResult('samples', 1_000_000, 1_000), scalingResult('samples', 10_000_000, 8_000)]
    expect(rowsOf(results, samplesChecks(results))).toEqual([
      [
        ['samples: 1 M', '1 M', '1.0 s', '900 k/s', '2.40 s', '2,000', '20 kB, 4 files'],
        ['samples: 10 M', '10 M', '8.0 s', '900 k/s', '0.24 s', '2,000', '20 kB, 4 files'],
        ['1 M to 10 M samples', 'x 10', 'x 8.0', 'at most linear', '', '', ''],
      ],
    ])
  })
})

describe('the check of samples', () => {
  const runs = (...pairs: [number, number][]) =>
    pairs.map(([samples, ms]) => scalingResult('samples', samples, ms))

  it.each([
    { results: runs([1, 10], [10, 101]), factors: [[10, 10.1, false]] },
    { results: runs([10, 100], [1, 10]), factors: [[10, 10, true]] },
    {
      results: runs([1, 10], [5, 40], [10, 60], [50, 500]),
      factors: [
        [10, 6, true],
        [10, 12.5, false],
      ],
    },
    { results: runs([1, 10], [2, 15], [4, 20]), factors: [[4, 2, true]] },
    { results: runs([1, 10]), factors: [] },
    { results: [scalingResult('cores', 1, 5), scalingResult('cores', 10, 5)], factors: [] },
  ])('compares ten times the samples, or else the fewest with the most: $factors', ({ results, factors }) => {
    const checks = samplesChecks(results).map(({ samplesFactor, timeFactor, holds }) => [
      samplesFactor,
      timeFactor,
      holds,
    ])
    expect(checks).toEqual(factors)
  })
})

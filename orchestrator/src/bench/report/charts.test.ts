import { expect, it } from 'vitest'
import { latencyResult, scalingResult, throughputResult } from '../measure/results.fixture.ts'
import { resultCharts } from './charts.ts'

it('draws every kind of measurement', () => {
  const results = [
    throughputResult(1),
    throughputResult(100),
    latencyResult('micro-batch'),
    latencyResult('real-time'),
    scalingResult('samples', 1_000_000, 1_000),
    scalingResult('series', 1_000, 1_000),
  ]
  expect(resultCharts(results).map(({ title }) => title)).toEqual([
    'Throughput',
    'Latency by percentile',
    'Latency over time',
    'Breakdown of the final value’s latency',
    'Time over samples',
    'Rate over series',
  ])
})

it('draws nothing that was not measured', () => {
  expect(resultCharts([])).toEqual([])
  expect(resultCharts([latencyResult('real-time')]).map(({ title }) => title)).toHaveLength(2)
})

it('consists of plain data, without a zero on a logarithmic scale', () => {
  const [chart] = resultCharts([latencyResult('real-time')])
  expect(JSON.parse(JSON.stringify(chart))).toEqual(chart)
  const { data } = (chart ?? expect.fail('no chart')).config as { data: { datasets: { data: number[] }[] } }
  expect(Math.min(...data.datasets.flatMap((set) => set.data))).toBe(0.5)
})

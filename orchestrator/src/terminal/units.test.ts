import { expect, it } from 'vitest'
import {
  formatCount,
  formatMegabytes,
  formatMs,
  formatPercent,
  formatRate,
  formatSeconds,
  formatTimeSpan,
} from './units.ts'

it.each([
  [formatCount(1), '1'],
  [formatCount(1_000), '1,000'],
  [formatCount(500_000), '500 k'],
  [formatCount(2_500_000), '2.5 M'],
  [formatRate(1_234_567, 1_000), '1.23 M/s'],
  [formatRate(50_000, 100), '500 k/s'],
  [formatRate(50, 100), '500/s'],
  [formatRate(50, 0), '0/s'],
  [formatMs(3.14), '3.1'],
  [formatMs(1_234.5), '1,235'],
  [formatMs(Number.NaN), '-'],
  [formatSeconds(450), '0.5 s'],
  [formatSeconds(60_000), '60 s'],
  [formatTimeSpan(850), '850 ms'],
  [formatTimeSpan(12_300), '12 s'],
  [formatTimeSpan(299_000), '4 min 59 s'],
  [formatTimeSpan(300_000), '5 min'],
  [formatTimeSpan(11_400_000), '3 h 10 min'],
  [formatTimeSpan(12 * 86_400_000), '12 days'],
  [formatMegabytes(912_345_678), '912 MB'],
  [formatPercent(0.456), '46 %'],
  [formatPercent(Number.NaN), '-'],
])('writes %s as people do', (written, expected) => {
  expect(written).toBe(expected)
})

import { stripVTControlCharacters } from 'node:util'
import pc from 'picocolors'
import { describe, expect, it } from 'vitest'
import { cellsOf } from '../terminal/text.ts'
import { bar, type FormatOptions, formatResult, reason } from './format.ts'
import type { WindowResult } from './result.ts'

const result: WindowResult = {
  window: { start: '2017-10-26T09:23:16.000Z', end: '2017-10-26T09:23:16.500Z' },
  mean: 14.5 + 2.7 * 8.898,
  stddev: 20.2173,
  count: 500,
  status: 'ERROR',
  score: 8.898,
  series: '',
  normal_mean: 14.5,
  normal_stddev: 2.7,
  normal: 'settings',
}
const options: FormatOptions = {
  normalMean: 14.5,
  normalStddev: 2.7,
  width: 200,
  colors: pc.createColors(false),
}

describe('formatResult', () => {
  it('shows every column if there is room', () => {
    expect(formatResult(result, options)).toBe(
      '09:23:16.000Z  ERROR  38.52 ± 20.22 %   +8.9σ  ███▉        n=500   mean 38.52 % is 8.9 sigma above normal 14.5 %',
    )
  })

  it.each([
    [200, 'ERROR', 'sigma above normal', 'n=500'],
    [110, '09:23:16.000Z', 'sigma above normal', '█'],
    [100, '09:23:16.000Z', 'sigma above normal', '+8.9σ'],
    [60, '09:23:16.000Z', '+8.9σ', '█'],
    [50, '09:23:16.000Z', 'ERROR', '+8.9σ'],
    [30, '09:23:16.000Z', 'ERROR', '+8.9σ'],
    [20, '09:23:16.000Z', 'ERROR', 'Z  E'],
    [1, '09:23:16.000Z', 'ERROR', 'Z  E'],
  ])('fits into %i columns by leaving out the least important', (width, ...parts) => {
    const line = formatResult(result, { ...options, width })
    for (const part of parts) expect(line).toContain(part)
    expect(line.length).toBeLessThanOrEqual(Math.max(width, 20))
  })

  it('shows the date before the time, if asked to, in 40 columns too', () => {
    const line = formatResult(result, { ...options, width: 40, showsDate: true })
    expect(line).toBe('2017-10-26 09:23:16.000Z  ERROR   +8.9σ')
  })

  it('aligns columns for small and large values', () => {
    const at = (line: string) => line.indexOf('σ')
    const small = formatResult(
      { ...result, mean: 1, stddev: null, count: 1, status: 'SAFE', score: -5 },
      options,
    )
    expect(at(small)).toBe(at(formatResult(result, options)))
    expect(small).toContain('SAFE ')
    expect(small).not.toContain('±')
    expect(small).toContain(' -5.0σ')
  })

  it("escapes and clips a series, because it comes from a record's key", () => {
    const line = formatResult({ ...result, series: '\u001b[2J\u202e\r\u009b' }, options)
    expect(line.endsWith('  \\x1b[2J\\u202e\\r\\x9b')).toBe(true)
  })

  const pod = 'checkout-service-7d9f8b6c5d-canary-x2x4z'
  it.each([
    [
      120,
      pod,
      '2017-10-26 09:23:16.000Z  ERROR  38.52 ± 20.22 %   +8.9σ  ███▉        checkout-service-7d9f8b6c5d-canary-x2x4z',
    ],
    [80, pod, '2017-10-26 09:23:16.000Z  ERROR  38.52 ± 20.22 %   +8.9σ  checkout-se…nary-x2x4z'],
    [60, pod, '2017-10-26 09:23:16.000Z  ERROR   +8.9σ  checkout-…ary-x2x4z'],
    [40, pod, '2017-10-26 09:23:16.000Z  ERROR  che…x4z'],
    [30, pod, '2017-10-26 09:23:16.000Z  ERROR'],
    [
      80,
      '東京データセンター第二監視サーバー',
      '2017-10-26 09:23:16.000Z  ERROR  38.52 ± 20.22 %   +8.9σ  東京データ…視サーバー',
    ],
    [40, '😀'.repeat(20), '2017-10-26 09:23:16.000Z  ERROR  😀…😀😀'],
  ])('shortens the middle of a series to what is left of %i columns: %s', (width, series, expected) => {
    const line = formatResult({ ...result, series }, { ...options, width, showsDate: true })
    expect(line).toBe(expected)
    expect(cellsOf(line)).toBeLessThanOrEqual(Math.max(width, 31))
  })

  it('shortens a series of a megabyte at once', () => {
    const line = formatResult({ ...result, series: '日'.repeat(300_000) }, { ...options, width: 80 })
    expect(line).toMatch(/ {2}日+…日+$/)
  })

  it.each([
    ['SAFE', '\u001b[32m'],
    ['WARN', '\u001b[33m'],
    ['ERROR', '\u001b[31m'],
  ] as const)('colours a line by its status %s, and only if colours are on', (status, start) => {
    const coloured = formatResult({ ...result, status }, { ...options, colors: pc.createColors(true) })
    expect(coloured).toContain(`${start}${status}`)
    const plain = formatResult({ ...result, status }, options)
    expect(stripVTControlCharacters(coloured)).toBe(plain)
  })
})

describe('reason', () => {
  const normal = { normalMean: 14.5, normalStddev: 2.7 }
  const judged = (mean: number, change: Partial<WindowResult> = {}): WindowResult => ({
    ...result,
    mean,
    score: (mean - 14.5) / 2.7,
    ...change,
  })

  it.each<[WindowResult, string]>([
    [judged(38.5), 'mean 38.50 % is 8.9 sigma above normal 14.5 %'],
    [judged(1), 'mean 1.00 % is 5.0 sigma below normal 14.5 %'],
    [judged(14.4, { status: 'SAFE' }), 'mean 14.40 % is within normal, 0.0 sigma below 14.5 %'],
    [
      judged(18.55, { count: 1, status: 'WARN' }),
      'mean 18.55 % is 1.5 sigma above normal 14.5 % (one sample)',
    ],
  ])('explains %j as %s', (judgedResult, expected) => {
    expect(reason(judgedResult, normal)).toBe(expected)
  })

  it.each<[Partial<WindowResult>, string]>([
    [{ normal: 'hour' }, 'mean 77.00 % is 1.8 sigma above normal 70.12 ± 3.9 % of its hour of the week'],
    [{ normal: 'series' }, 'mean 77.00 % is 1.8 sigma above normal 70.12 ± 3.9 % of its series'],
    [{ normal: 'settings' }, 'mean 77.00 % is 1.8 sigma above normal 70.12 %'],
    [
      { normal: 'hour', status: 'SAFE' },
      'mean 77.00 % is within normal, 1.8 sigma above 70.12 ± 3.9 % of its hour of the week',
    ],
  ])('names the normal that the window was held against, and whose it is: %j', (change, expected) => {
    const held = {
      mean: 77,
      score: 1.764,
      normal_mean: 70.123456,
      normal_stddev: 3.9,
      status: 'WARN',
    } as const
    expect(reason({ ...result, ...held, ...change }, normal)).toBe(expected)
  })

  const EARLIER = { normal_mean: null, normal_stddev: null, normal: null }
  it.each<[WindowResult, string]>([
    [judged(38.5, EARLIER), 'mean 38.50 % is 8.9 sigma above normal 14.5 %'],
    [judged(14.4, { ...EARLIER, status: 'SAFE' }), 'mean 14.40 % is within normal, 0.0 sigma below 14.5 %'],
  ])('names the normal of the settings if a result of an earlier version fits them: %j', (held, expected) => {
    expect(reason(held, normal)).toBe(expected)
  })

  it.each<[WindowResult, string]>([
    [judged(30.3, EARLIER), 'mean 30.30 % is 5.9 sigma above normal'],
    [judged(14.4, { ...EARLIER, status: 'SAFE' }), 'mean 14.40 % is within normal, 0.0 sigma below it'],
  ])('does not name a normal by which the job did not judge: %j', (judgedResult, expected) => {
    expect(reason(judgedResult, { ...normal, normalMean: 38 })).toBe(expected)
    expect(reason(judgedResult, { ...normal, normalStddev: 1.1 })).toBe(expected)
  })
})

describe('bar', () => {
  it.each([
    [0, '          '],
    [-5, '          '],
    [50, '█████     '],
    [100, '██████████'],
    [250, '██████████'],
    [55, '█████▌    '],
    [1.25, '▏         '],
    [8.75, '▉         '],
    [99.9, '██████████'],
  ])('draws %d %% in ten cells', (percent, expected) => {
    expect(bar(percent)).toBe(expected)
  })
})

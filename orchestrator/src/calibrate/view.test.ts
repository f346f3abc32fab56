import { createColors } from 'picocolors'
import { describe, expect, it } from 'vitest'
import { cellsOf } from '../terminal/text.ts'
import { calibrationOf, normalOf, previewOf } from './calibration.fixture.ts'
import { recommend } from './recommend.ts'
import { reportLines } from './report.ts'
import { groupLines, histogramLines, inputLines, marksOf, pairTable } from './view.ts'

const PLAIN = createColors(false)
const LIMITS = { warn_share: 0.01, min_deviation: 0.1, by_key: false, by_hour: false }
const DETECTOR = { direction: 'high', windowMs: 500 } as const

const report = (calibration = calibrationOf()) =>
  reportLines(calibration, LIMITS, recommend(calibration, LIMITS), DETECTOR, PLAIN)

describe('the report', () => {
  it('fits 80 columns', () => {
    const wide = calibrationOf({
      previews: calibrationOf().previews.map(({ method }) =>
        previewOf(method, {
          mean: -12_345.678,
          warn: 12_345_678,
          error: 999_999,
          longest_run: 99_999,
          extremes: [
            { series: 'h'.repeat(300), start_ms: 1e12, mean: 1e5, score: -123_456.7, status: 'ERROR' },
          ],
        }),
      ),
    })
    // Sentences wrap by themselves.
    const shown = [...report(), ...report(wide)].filter(
      (line) => !/^Take|^ {2}20|^There|^The |^Every/.test(line),
    )
    expect(shown.filter((line) => cellsOf(line) > 80)).toEqual([])
  })

  it('marks the pair to take, and says why', () => {
    expect(report().filter((line) => line.startsWith('→'))).toEqual([
      expect.stringMatching(/^→ robust +14\.84 +3\.14 +0 +3 +2 /),
    ])
    expect(report()).toContainEqual(
      expect.stringMatching(/^Take robust \(NORMAL_MEAN=14\.84, NORMAL_STDDEV=3\.14\): /),
    )
  })

  it('has colours only on a terminal', () => {
    expect(report().join('')).not.toContain('\u001b')
    expect(pairTable(calibrationOf().previews, undefined, createColors(true)).join('')).toContain('\u001b')
  })

  it('names what was read, and lines that are no samples', () => {
    const { input } = calibrationOf()
    expect(inputLines({ ...input, rejected: { bad_timestamp: 1 }, series: 3 }, 500)).toEqual([
      '100,000 samples in 2,000 windows of 3 series, 2017-10-26 09:23:12Z to 2017-10-26 09:39:52Z',
      '1 line is not a sample (bad_timestamp 1)',
    ])
  })
})

describe('the histogram', () => {
  const bars = { event: 'histogram', start: 0, width: 1, counts: [1, 1_000_000, 0, 10] } as const
  const lines = histogramLines(
    { ...bars, counts: [...bars.counts] },
    marksOf({ mean: 1, stddev: 1 }, 'high'),
    PLAIN,
  )

  it('shows one window beside a million, and nothing where there is none', () => {
    const bottom = lines[3] ?? ''
    expect(bottom.slice(2)).toMatch(/^[▁▂▃]{2}██ {2}[▁▂▃▄▅▆▇█]{2}$/)
  })

  it('has normal and both thresholds below the bars, and in words', () => {
    expect(lines.at(-2)).toBe('    N W E')
    expect(lines.at(-1)).toBe('  0 % to 4 %; N normal 1 %, W WARN 2 %, E ERROR 3 %')
  })

  it('reaches to thresholds beyond all windows, and names one that is too far away', () => {
    const far = histogramLines({ ...bars, counts: [1] }, marksOf({ mean: 1, stddev: 5 }, 'both'), PLAIN)
    expect(far.at(-2)?.trim()).toMatch(/^N +W +E$/)
    const away = histogramLines({ ...bars, counts: [1] }, marksOf({ mean: 1, stddev: 900 }, 'high'), PLAIN)
    expect(away.at(-2)?.trim()).toBe('N')
    expect(away.at(-1)).toContain('E ERROR 1801 %')
  })
})

describe('the groups', () => {
  it('are shown with series and hour, the highest first, and counted beyond twenty', () => {
    const normals = [
      normalOf(),
      normalOf({ series: 'web-1', hour: 30 }),
      ...Array.from({ length: 25 }, (_, index) =>
        normalOf({
          series: `db-${index}`,
          is_enough: index > 0,
          pairs: { ...normalOf().pairs, robust: { mean: 40 + index, stddev: 1, is_floor: false } },
        }),
      ),
    ]
    const lines = groupLines(normals, 'robust')
    expect(lines).toHaveLength(21)
    expect(lines[0]).toMatch(/64\.00 ± 1\.00 +db-24/)
    expect(lines.at(-1)).toMatch(/6 more groups/)
    expect(groupLines(normals.slice(0, 2), 'robust')[0]).toContain('web-1 Tue 06:00')
  })
})

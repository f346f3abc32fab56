import { describe, expect, it } from 'vitest'
import { linesOf } from './line.fixture.ts'
import { survey } from './survey.ts'

const T = 1_509_009_792_000

const surveyOf = (lines: readonly string[]) =>
  survey(linesOf(lines.slice(0, 2), lines.slice(2)), {
    windowMs: 1,
    toleranceMs: 10_001,
    latestMs: Number.POSITIVE_INFINITY,
    cpuMin: undefined,
    cpuMax: 100,
  })

describe('survey', () => {
  it('finds the range of the times, wherever the ends are', async () => {
    expect(await surveyOf(['time,cpu', `${T + 5},1`, `${T},1`, `${T + 9},1`])).toMatchObject({
      lines: 3,
      header: 'time,cpu',
      units: [{ unit: 'ms', samples: 3 }],
      samples: 3,
      oldest: { number: 3, timeMs: T },
      newest: { number: 4, timeMs: T + 9 },
      unsorted: 0,
      firstUnlike: undefined,
    })
  })

  it('takes each time in its own unit, and counts the units, the most frequent first', async () => {
    const found = await surveyOf([`${T + 9_000},1`, '1509009792,1', '1509009793,1', 'n/a'])
    expect(found).toMatchObject({
      samples: 3,
      units: [
        { unit: 's', samples: 2, first: 2 },
        { unit: 'ms', samples: 1, first: 1 },
      ],
      oldest: { number: 2, timeMs: T },
      newest: { number: 1, timeMs: T + 9_000 },
      firstUnlike: { number: 4, text: 'n/a' },
    })
  })

  it('has no unit if no line is a sample', async () => {
    expect(await surveyOf(['1,12.5', '2,13'])).toMatchObject({
      units: [],
      samples: 0,
      firstUnlike: { number: 1, text: '1,12.5' },
    })
    expect(await surveyOf(['time,cpu'])).toMatchObject({ lines: 0, firstUnlike: undefined })
    expect(await surveyOf([])).toMatchObject({ lines: 0, header: undefined })
  })

  it('counts samples that are older than one before them by more than the tolerance', async () => {
    expect(
      await surveyOf([`${T},1`, `${T + 30_000},1`, `${T + 20_000},1`, `${T + 19_999},1`, `${T},1`]),
    ).toMatchObject({
      unsorted: 2,
      firstUnsorted: { number: 4, behindMs: 10_001 },
    })
  })

  it('compares the starts of windows, as the job does', async () => {
    const rules = {
      windowMs: 300_000,
      toleranceMs: 310_000,
      latestMs: T + 9e9,
      cpuMin: undefined,
      cpuMax: undefined,
    }
    const start = Math.floor(T / 300_000) * 300_000
    const unsorted = async (...seconds: readonly number[]) =>
      (await survey(linesOf(seconds.map((second) => `${start + second * 1_000},1`)), rules)).unsorted
    expect(await unsorted(1, 601, 299)).toBe(1)
    expect(await unsorted(899, 301, 300)).toBe(0)
  })

  it('counts samples that are out of range', async () => {
    const found = await surveyOf([`${T},1`, `${T},100.1`, `${T},-5`, `${T},101`])
    expect(found).toMatchObject({ samples: 4, outOfRange: 2, firstOutOfRange: { number: 2, text: '100.1' } })
  })
})

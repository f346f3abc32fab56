import { describe, expect, it } from 'vitest'
import { calibrationOf, normalOf, previewOf } from './calibration.fixture.ts'
import type { Normal } from './protocol.ts'
import { recommend, remarks } from './recommend.ts'

const LIMITS = { warn_share: 0.01, min_deviation: 0.1 }

const methodFor = (normal: Partial<Normal>) =>
  recommend(calibrationOf({ normals: [normalOf(normal)] }), LIMITS)?.method

describe('the recommended pair', () => {
  it.each<[string, Partial<Normal>, string]>([
    ['robust, which anomalies do not widen', {}, 'robust'],
    ['target, if windows vary nearly as samples do', { window_spread: 3 }, 'target'],
    ['robust, if there are too few windows for a target', { window_spread: 3, windows: 99 }, 'robust'],
    ['target, if most samples are equal', { mad: 0 }, 'target'],
    ['plain, if most of a few samples are equal', { mad: 0, windows: 20, is_enough: false }, 'plain'],
  ])('is %s', (_, normal, method) => {
    expect(methodFor(normal)).toBe(method)
  })

  it('says in one sentence why, with what it would flag', () => {
    expect(recommend(calibrationOf(), LIMITS)?.why).toBe(
      'outliers do not widen it, as they widen plain (4.0 times), and it would flag 3 of 2,000 windows',
    )
  })

  it('is the one that was asked for', () => {
    expect(recommend(calibrationOf(), LIMITS, 'plain')).toEqual({
      method: 'plain',
      why: 'it is the one that you asked for',
    })
  })
})

describe('what stands against trusting it', () => {
  it('is nothing, if there is enough data that varies', () => {
    expect(remarks(calibrationOf(), LIMITS)).toEqual([])
  })

  it.each<[Partial<Normal>, RegExp]>([
    [{ windows: 21, is_enough: false }, /only 21 windows/],
    [{ windows: 1, samples: 1, is_enough: false }, /only one window/],
    [{ windows: 50 }, /target of 1 % means that none/],
    [{ mad: 0 }, /MAD = 0/],
    [{ median: 0.31 }, /idle.*0\.31 %/],
    [
      { pairs: { ...normalOf().pairs, robust: { mean: 0, stddev: 0.1, is_floor: true } } },
      /^robust:.*MIN_DEVIATION.* 0\.1/,
    ],
  ])('is said for %j', (normal, text) => {
    const found = remarks(calibrationOf({ normals: [normalOf(normal)] }), LIMITS)
    expect(found).toEqual([expect.stringMatching(text)])
  })

  it('is that every pair would flag much', () => {
    const previews = calibrationOf().previews.map(({ method }) => previewOf(method, { warn: 500 }))
    expect(remarks(calibrationOf({ previews }), LIMITS)).toEqual([expect.stringMatching(/--exclude/)])
  })

  it('is that groups have too little data', () => {
    const normals = [normalOf(), normalOf({ series: 'a' }), normalOf({ series: 'b', is_enough: false })]
    expect(remarks(calibrationOf({ normals }), LIMITS)).toEqual([expect.stringMatching(/^1 of 2 groups/)])
  })
})

import { describe, expect, it } from 'vitest'
import type { Mode } from './modes.ts'
import { OrderJudge } from './order.ts'

type Line = readonly [producer: string, windows: Readonly<Record<string, number>>]

/** Judges results that are written 100 ms apart: per line the producer, and the counts by window. */
function judge(mode: Mode, lines: readonly Line[], everyMs = 100, executors = 1): OrderJudge {
  const judge = new OrderJudge(mode, executors)
  let appendedMs = 0
  for (const [producerId, windows] of lines)
    for (const [key, count] of Object.entries(windows)) {
      judge.see({ key, count, producerId, appendedMs })
      appendedMs += everyMs
    }
  return judge
}

const found = ({ falls, repeats }: OrderJudge) => ({ falls: falls.length, repeats: repeats.length })
const NOTHING = { falls: 0, repeats: 0 }

const BATCHES: readonly Line[] = [
  ['1', { a: 3 }],
  ['1', { a: 5, b: 1 }],
  ['1', { b: 4, c: 2 }],
]

describe.each(['micro-batch', 'real-time'] as const)('the order of results in %s mode', (mode) => {
  it('lets counts rise, and a new driver write the last results once more', () => {
    const replayed = judge(mode, [...BATCHES, ['2', { b: 4, c: 2 }], ['2', { c: 5, d: 1 }]])
    expect(found(replayed)).toEqual(NOTHING)
    expect(replayed).toMatchObject({ writers: 2, replays: 1 })
  })

  it('lets executors take turns, and one of them write again what a lost one had written', () => {
    const turns: Line[] = [
      ['1', { a: 3 }],
      ['2', { b: 1 }],
      ['1', { a: 5 }],
      ['2', { b: 4, c: 2 }],
    ]
    const lost = judge(mode, [...turns, ['1', { b: 4, c: 2 }], ['1', { c: 3 }]], 10_000, 2)
    expect(found(lost)).toEqual(NOTHING)
    expect(lost).toMatchObject({ writers: 2, replays: 1 })
    expect(found(judge(mode, [...turns, ['2', { c: 2 }]], 100, 2))).toEqual({ falls: 0, repeats: 1 })
  })

  it('finds two drivers that write everything twice', () => {
    const twice = BATCHES.flatMap(([, windows]): Line[] => [
      ['1', windows],
      ['2', windows],
    ])
    expect(found(judge(mode, twice)).repeats).toBeGreaterThan(0)
  })

  it('finds a result that is written again without a restart', () => {
    expect(found(judge(mode, [...BATCHES, ['1', { c: 2 }]]))).toEqual({ falls: 0, repeats: 1 })
  })

  it('finds the same repeat later in the life of a driver that has been restarted', () => {
    const later = judge(mode, [...BATCHES, ['2', { b: 4, c: 2 }], ['2', { c: 3 }], ['2', { c: 3 }]])
    expect(found(later)).toEqual({ falls: 0, repeats: 1 })
  })

  it('finds a count that falls in the middle of a life', () => {
    expect(found(judge(mode, [...BATCHES, ['1', { b: 2 }]]))).toEqual({ falls: 1, repeats: 0 })
    const replayed = judge(mode, [...BATCHES, ['2', { b: 4, c: 2 }], ['2', { b: 1 }]])
    expect(found(replayed)).toEqual({ falls: 1, repeats: 0 })
  })

  it('finds results whose producer is unknown: two writers could not be told apart', () => {
    expect(found(judge(mode, [['', { a: 1 }]]))).toEqual({ falls: 0, repeats: 1 })
    expect(found(judge(mode, [['-1', { a: 1 }]]))).toEqual({ falls: 0, repeats: 1 })
  })

  it('finds a window of an earlier driver that is counted anew long after the restart', () => {
    const minutes = [...BATCHES, ['2', { d: 1 }], ['2', { a: 1 }]] as const
    expect(found(judge(mode, minutes, 60_000))).toEqual({ falls: 1, repeats: 0 })
  })
})

it('lets counts fall in real-time mode only, where a driver begins: it reads its interval again', () => {
  const lines: readonly Line[] = [...BATCHES, ['2', { b: 2, c: 1 }], ['2', { b: 3, c: 2 }]]
  expect(found(judge('real-time', lines))).toEqual(NOTHING)
  expect(found(judge('micro-batch', lines)).falls).toBeGreaterThan(0)
})

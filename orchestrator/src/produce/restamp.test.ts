import { describe, expect, it } from 'vitest'
import { newestTime, shiftNewestTo } from './restamp.ts'

async function* inChunks(...chunks: readonly (readonly string[])[]): AsyncGenerator<Buffer[]> {
  for (const chunk of chunks) yield chunk.map((line) => Buffer.from(line))
}

describe('shiftNewestTo', () => {
  it('moves the newest sample to the time and keeps the spacing', () => {
    const restamp = shiftNewestTo(2_000, 10_000)
    expect([1_000, 1_500, 2_000].map((timeMs) => restamp({ timeMs, cpu: '1' }))).toEqual([
      9_000, 9_500, 10_000,
    ])
  })
})

describe('newestTime', () => {
  it.each<[readonly (readonly string[])[], number | undefined]>([
    [
      [
        ['time,cpu', '5,1', '9,1'],
        ['7,1', 'nonsense,1'],
      ],
      9,
    ],
    [[['time,cpu'], ['']], undefined],
    [[], undefined],
  ])('of %j is %s', async (chunks, expected) => {
    expect(await newestTime(inChunks(...chunks))).toBe(expected)
  })

  it('accepts many samples', async () => {
    const chunk = Array.from({ length: 200_000 }, (_, index) => `${index},1`)
    expect(await newestTime(inChunks(chunk))).toBe(199_999)
  })
})

import { describe, expect, it } from 'vitest'
import { newestTime, nothingNoticed, toValues } from './prepare.ts'
import { type Stamp, shiftedTo } from './sample.ts'

async function* inChunks(...chunks: readonly (readonly string[])[]): AsyncGenerator<Buffer[]> {
  for (const chunk of chunks) yield chunk.map((line) => Buffer.from(line))
}

async function valuesOf(chunks: readonly (readonly string[])[], stamp?: Stamp) {
  const noticed = nothingNoticed()
  const values: string[] = []
  for await (const some of toValues(inChunks(...chunks), noticed, stamp)) values.push(...some.map(String))
  return { values, noticed }
}

describe('toValues', () => {
  it('leaves the header out and sends every other line as it is', async () => {
    const chunks = [
      ['"time_millis","cpu"', ' 1 , 2 ', 'nonsense'],
      ['time,cpu', ''],
    ]
    const { values, noticed } = await valuesOf(chunks)
    expect(values).toEqual([' 1 , 2 ', 'nonsense', 'time,cpu', ''])
    expect(noticed).toEqual({ header: '"time_millis","cpu"', unlikeSamples: 3, firstUnlike: 'nonsense' })
  })

  it('notices nothing where there is nothing odd', async () => {
    const { values, noticed } = await valuesOf([['1,2', '3,4']])
    expect(values).toEqual(['1,2', '3,4'])
    expect(noticed).toEqual(nothingNoticed())
  })

  it('gives samples, and nothing else, the time of the stamp', async () => {
    const { values } = await valuesOf(
      [['time,cpu', '1000, 2.50 ', 'nonsense', '1500,3']],
      shiftedTo(1_500, 9_000),
    )
    expect(values).toEqual(['8500,2.50', 'nonsense', '9000,3'])
  })

  it('keeps bytes that are not UTF-8', async () => {
    const bytes = Buffer.from([0x31, 0x2c, 0xff])
    const all: Buffer[] = []
    const lines = (async function* () {
      yield [bytes]
    })()
    for await (const some of toValues(lines, nothingNoticed(), undefined)) all.push(...some)
    expect(all).toEqual([bytes])
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

  it('takes many samples', async () => {
    const chunk = Array.from({ length: 200_000 }, (_, index) => `${index},1`)
    expect(await newestTime(inChunks(chunk))).toBe(199_999)
  })
})

import { describe, expect, it } from 'vitest'
import { emptyReport, toRecordValues } from './record-values.ts'
import { type Restamp, shiftNewestTo } from './restamp.ts'

async function* inChunks(...chunks: readonly (readonly string[])[]): AsyncGenerator<Buffer[]> {
  for (const chunk of chunks) yield chunk.map((line) => Buffer.from(line))
}

async function valuesOf(chunks: readonly (readonly string[])[], restamp?: Restamp) {
  const report = emptyReport()
  const values: string[] = []
  for await (const some of toRecordValues(inChunks(...chunks), report, restamp))
    values.push(...some.map(String))
  return { values, report }
}

describe('toRecordValues', () => {
  it('drops the header and leaves every other line unchanged', async () => {
    const chunks = [
      ['"time_millis","cpu"', ' 1 , 2 ', 'nonsense'],
      ['time,cpu', ''],
    ]
    const { values, report } = await valuesOf(chunks)
    expect(values).toEqual([' 1 , 2 ', 'nonsense', 'time,cpu', ''])
    expect(report).toEqual({ header: '"time_millis","cpu"', malformedLines: 3, firstMalformed: 'nonsense' })
  })

  it('reports nothing if all lines are samples', async () => {
    const { values, report } = await valuesOf([['1,2', '3,4']])
    expect(values).toEqual(['1,2', '3,4'])
    expect(report).toEqual(emptyReport())
  })

  it('restamps samples and nothing else', async () => {
    const { values } = await valuesOf(
      [['time,cpu', '1000, 2.50 ', 'nonsense', '1500,3']],
      shiftNewestTo(1_500, 9_000),
    )
    expect(values).toEqual(['8500,2.50', 'nonsense', '9000,3'])
  })

  it('keeps bytes that are not UTF-8', async () => {
    const bytes = Buffer.from([0x31, 0x2c, 0xff])
    const all: Buffer[] = []
    const lines = (async function* () {
      yield [bytes]
    })()
    for await (const some of toRecordValues(lines, emptyReport(), undefined)) all.push(...some)
    expect(all).toEqual([bytes])
  })
})

import { describe, expect, it } from 'vitest'
import { linesOf } from './line.fixture.ts'
import { bytesOf, type Line, numbered, type RecordLine } from './line.ts'
import { type Conversion, toRecordValues, withoutHeader } from './record-values.ts'
import { shiftNewestTo } from './restamp.ts'

const T = 1_509_009_792_000

async function valuesOf(lines: AsyncIterable<readonly Line[]>, conversion: Conversion = {}) {
  const values: RecordLine[] = []
  for await (const some of toRecordValues(lines, conversion)) values.push(...some)
  return values.map((value) => String(bytesOf(value)))
}

describe('toRecordValues', () => {
  it('leaves lines unchanged', async () => {
    const lines = [` ${T} , 2 `, 'nonsense', '']
    expect(await valuesOf(linesOf(lines.slice(0, 1), lines.slice(1)))).toEqual(lines)
  })

  it('restamps samples and nothing else', async () => {
    const restamp = shiftNewestTo({ number: 1, timeMs: T }, 9_000)
    expect(await valuesOf(linesOf([`${T - 500}, 2.50 `, 'nonsense', `${T},3`]), { restamp })).toEqual([
      '8500,2.50',
      'nonsense',
      '9000,3',
    ])
  })

  it('converts each time from its own unit to milliseconds', async () => {
    const lines = linesOf(['1509009792,1', `${T}, 2`, `${T}000,3`])
    expect(await valuesOf(lines)).toEqual([`${T},1`, `${T}, 2`, `${T},3`])
  })

  it('tells which line each sample and each other line is', async () => {
    const seen: unknown[] = []
    await valuesOf(withoutHeader(linesOf(['time,cpu', `${T},1`], ['nonsense'])), {
      onSample: (timeMs, number) => seen.push([timeMs, number]),
      onUnlike: (line, number) => seen.push([String(line), number]),
    })
    expect(seen).toEqual([
      [T, 2],
      ['nonsense', 3],
    ])
  })

  it('keeps bytes that are not UTF-8', async () => {
    const bytes = Buffer.from([0x31, 0x2c, 0xff])
    const lines = (async function* () {
      yield [bytes]
    })()
    for await (const some of toRecordValues(numbered(lines), {})) expect(some).toEqual([bytes])
  })
})

describe('withoutHeader', () => {
  it('drops the first line only', async () => {
    expect(await valuesOf(withoutHeader(linesOf(['time,cpu', 'a'], ['b'])))).toEqual(['a', 'b'])
  })
})

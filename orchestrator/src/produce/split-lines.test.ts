import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CliError } from '../errors.ts'
import { splitLines } from './split-lines.ts'

async function* chunked(...chunks: readonly (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk)
}

async function linesOf(chunks: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const lines: Buffer[] = []
  for await (const some of splitLines(chunks)) lines.push(...some)
  return lines
}

describe('splitLines', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['nothing', [], []],
    ['empty chunks', ['', ''], []],
    ['lines', ['a\nb\n'], ['a', 'b']],
    ['a last line without a line end', ['a\nb'], ['a', 'b']],
    ['CRLF', ['a\r\nb\r\n'], ['a', 'b']],
    ['CRLF that two chunks share', ['a\r', '\nb\r'], ['a', 'b']],
    ['a carriage return within a line', ['a\rb\n'], ['a\rb']],
    ['empty lines', ['\n\na\n'], ['', '', 'a']],
    ['a line in three pieces', ['1509', '0097', ',1\n2'], ['15090097,1', '2']],
    ['a byte-order mark', ['\ufeffa\n'], ['\ufeffa']],
  ])('splits %s', async (_, chunks, expected) => {
    expect((await linesOf(chunked(...chunks))).map(String)).toEqual(expected)
  })

  it('keeps bytes that are not UTF-8', async () => {
    const bytes = Buffer.from([0xff, 0x00, 0xc3, 0x0a, 0xa4])
    expect(await linesOf(chunked(bytes))).toEqual([bytes.subarray(0, 3), bytes.subarray(4)])
  })

  it('yields the same lines however the bytes are cut into chunks', async () => {
    const text = fc
      .array(fc.constantFrom('\n', '\r', 'a', 'ä', '1'), { maxLength: 40 })
      .map((chars) => chars.join(''))
    const cuts = fc.array(fc.nat(50), { maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(text, cuts, async (whole, at) => {
        const bytes = Buffer.from(whole)
        const ends = [...at.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length]
        const pieces = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
        expect(await linesOf(chunked(...pieces))).toEqual(await linesOf(chunked(bytes)))
      }),
    )
  })

  it('rejects a line that is too long', async () => {
    const endless = chunked(...Array.from({ length: 5 }, () => Buffer.alloc(300_000, 'x')))
    await expect(linesOf(endless)).rejects.toThrow(CliError)
    await expect(linesOf(chunked(Buffer.alloc(1_000_001)))).rejects.toThrow(/a line of more than 1 MB/)
  })
})

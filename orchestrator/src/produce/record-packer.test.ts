import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { groupByRequest, type PackedRecord, RecordPacker } from './record-packer.ts'

const buffers = (lines: readonly string[]) => lines.map((line) => Buffer.from(line))
const texts = (records: Iterable<PackedRecord>) =>
  [...records].map(({ value, samples }) => [String(value), samples] as const)

function packed(count: number, limitBytes: number, ...chunks: readonly (readonly string[])[]) {
  const packer = new RecordPacker(count, limitBytes)
  return [...chunks.flatMap((chunk) => texts(packer.add(buffers(chunk)))), ...texts(packer.flush())]
}

describe('RecordPacker', () => {
  it.each<[string, number, readonly (readonly string[])[], readonly (readonly [string, number])[]]>([
    ['nothing', 3, [], []],
    [
      'one sample per record',
      1,
      [['a', 'b']],
      [
        ['a', 1],
        ['b', 1],
      ],
    ],
    [
      'a smaller last record',
      2,
      [['a', 'b', 'c']],
      [
        ['a\nb', 2],
        ['c', 1],
      ],
    ],
    [
      'a record from two chunks',
      3,
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
      [
        ['a\nb\nc', 3],
        ['d', 1],
      ],
    ],
    ['a blank line in the middle', 3, [['a', '', 'c']], [['a\n\nc', 3]]],
    ['a blank line at the beginning', 2, [['', 'b']], [['\nb', 2]]],
    [
      'separate records of blank lines at the end',
      3,
      [['a', '', ' \r']],
      [
        ['a', 1],
        ['', 1],
        [' \r', 1],
      ],
    ],
    [
      'separate records of blank lines only',
      2,
      [['', '\t']],
      [
        ['', 1],
        ['\t', 1],
      ],
    ],
    [
      'a smaller record if a full one would be too large',
      9,
      [['aaaa', 'bbbb', 'cc']],
      [
        ['aaaa\nbbbb', 2],
        ['cc', 1],
      ],
    ],
    [
      'a separate record of a line that is too large',
      9,
      [['a', 'x'.repeat(20), 'b']],
      [
        ['a', 1],
        ['x'.repeat(20), 1],
        ['b', 1],
      ],
    ],
  ])('makes %s', (_, count, chunks, expected) => {
    expect(packed(count, 10, ...chunks)).toEqual(expected)
  })

  it('keeps every line, in order and as the job splits them, within count and size', () => {
    const line = fc.constantFrom('', ' ', '1,2', '1509009792670,13.64', '\t', 'x'.repeat(30))
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.array(fc.array(line)), (count, chunks) => {
        const records = packed(count, 40, ...chunks)
        const lines = records.flatMap(([text]) => {
          const trimmed = text.replace(/[ \t\r\n]+$/, '')
          return trimmed === '' ? [text] : trimmed.split('\n')
        })
        expect(lines).toEqual(chunks.flat())
        for (const [text, samples] of records) {
          expect(samples).toBe(text.split('\n').length)
          expect(samples).toBeLessThanOrEqual(count)
          expect(text.length).toBeLessThanOrEqual(40)
        }
      }),
    )
  })
})

describe('groupByRequest', () => {
  const records = (...sizes: readonly number[]) =>
    sizes.map((size) => ({ value: Buffer.alloc(size), samples: 1 }))
  it.each([
    [[], []],
    [
      [1, 1, 1],
      [2, 1],
    ],
    [
      [50, 50],
      [1, 1],
    ],
    [
      [500, 1],
      [1, 1],
    ],
  ])('groups records of %j bytes by %j', (sizes, expected) => {
    const requests = groupByRequest(records(...sizes), { records: 2, bytes: 100, overhead: 10 })
    expect([...requests].map((request) => request.length)).toEqual(expected)
  })
})

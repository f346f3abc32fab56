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
  it('ends a record where the key changes', () => {
    const packer = new RecordPacker(10, 1_000)
    const line = (key: string, text: string) => ({ key, bytes: Buffer.from(text) })
    const lines = [line('a', '1'), line('a', '2'), line('b', '3'), line('a', '4'), Buffer.from('5')]
    expect([...packer.add(lines), ...packer.flush()].map(({ key, value }) => [key, String(value)])).toEqual([
      ['a', '1\n2'],
      ['b', '3'],
      ['a', '4'],
      [undefined, '5'],
    ])
  })

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
      'the rest into a smaller record',
      2,
      [['a', 'b', 'c']],
      [
        ['a\nb', 2],
        ['c', 1],
      ],
    ],
    [
      'lines of two chunks into one record',
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
      'blank lines at the end into records of their own',
      3,
      [['a', '', ' \r']],
      [
        ['a', 1],
        ['', 1],
        [' \r', 1],
      ],
    ],
    [
      'each line into a record of its own if all are blank',
      2,
      [['', '\t']],
      [
        ['', 1],
        ['\t', 1],
      ],
    ],
    [
      'fewer lines if a full record would be too large',
      9,
      [['aaaa', 'bbbb', 'cc']],
      [
        ['aaaa\nbbbb', 2],
        ['cc', 1],
      ],
    ],
    [
      'a line that is too large into a record of its own',
      9,
      [['a', 'x'.repeat(20), 'b']],
      [
        ['a', 1],
        ['x'.repeat(20), 1],
        ['b', 1],
      ],
    ],
  ])('packs %s', (_, count, chunks, expected) => {
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
  ])('groups records of %j bytes into requests of %j', (sizes, expected) => {
    const requests = groupByRequest(records(...sizes), { records: 2, bytes: 100, overhead: 10 })
    expect([...requests].map((request) => request.length)).toEqual(expected)
  })
})

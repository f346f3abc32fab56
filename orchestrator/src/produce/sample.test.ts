import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { formatSample, isHeader, notCsv, parseSample, shiftedTo } from './sample.ts'

describe('parseSample', () => {
  it.each([
    ['1509009792670,13.64', 1_509_009_792_670, '13.64'],
    [' 1509009792670 , 13.64\r', 1_509_009_792_670, '13.64'],
    ['1509009792670,\t13.64\t', 1_509_009_792_670, '13.64'],
    ['1509009792670,-5', 1_509_009_792_670, '-5'],
    ['1509009792670,250', 1_509_009_792_670, '250'],
    ['1509009792670,1.5e1', 1_509_009_792_670, '1.5e1'],
    ['1509009792670,.5', 1_509_009_792_670, '.5'],
    ['0,5.', 0, '5.'],
  ])('reads %j', (line, timeMs, cpu) => {
    expect(parseSample(line)).toEqual({ timeMs, cpu })
  })

  it.each([
    '"time_millis","cpu"',
    '',
    '   ',
    '1509009792670',
    '1509009792670,',
    '1509009792670,1,2',
    '1509009792670,abc',
    '1509009792670,NaN',
    '1509009792670,Infinity',
    '-1,13.64',
    '1.5,13.64',
    `${'9'.repeat(19)},13.64`,
    ',13.64',
    '1509009792670;13.64',
    '1509009792670,0x10',
    '1509009792670,.',
  ])('takes %j for no sample', (line) => {
    expect(parseSample(line)).toBeUndefined()
  })

  it('is undone by formatSample', () => {
    expect(formatSample({ timeMs: 1, cpu: '13.640' })).toBe('1,13.640')
    expect(parseSample(formatSample({ timeMs: 1, cpu: '13.640' }))).toEqual({ timeMs: 1, cpu: '13.640' })
  })
})

describe('isHeader', () => {
  it.each(['"time_millis","cpu"', 'time_millis,cpu\r', '\ufefftime,cpu', ' Time , CPU ', '_a,_b'])(
    'finds one in %j',
    (line) => {
      expect(isHeader(line)).toBe(true)
    },
  )

  it.each(['1509009792670,13.64', '', 'time', 'time,13', '1,cpu', 'a,b,c', '{"a":1}'])(
    'finds none in %j',
    (line) => {
      expect(isHeader(line)).toBe(false)
    },
  )
})

describe('shiftedTo', () => {
  it('gives the newest sample the time and keeps the spacing', () => {
    const stamp = shiftedTo(2_000, 10_000)
    expect([1_000, 1_500, 2_000].map((timeMs) => stamp({ timeMs, cpu: '1' }))).toEqual([9_000, 9_500, 10_000])
  })
})

describe('notCsv', () => {
  it.each([
    ['gzip', gzipSync('1,2\n'), /gzip.*gunzip/],
    ['ZIP', Buffer.from('PK\u0003\u0004rest', 'latin1'), /ZIP/],
    ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0]), /zstd/],
    ['UTF-16, little end first', Buffer.from('\ufeff1,2', 'utf16le'), /UTF-16/],
    ['UTF-16, big end first', Buffer.from('\ufeff1,2', 'utf16le').swap16(), /UTF-16/],
    ['a NUL byte', Buffer.from('1,2\0'), /binary/],
  ])('says why %s is none', (_, head, why) => {
    expect(notCsv(head)).toMatch(why)
  })

  it.each(['1509009792670,13.64\n', '"time_millis","cpu"\r\n', '\ufeff1,2\n', 'P', 'äö\n', ''])(
    'lets %j pass',
    (head) => {
      expect(notCsv(Buffer.from(head))).toBeUndefined()
    },
  )
})

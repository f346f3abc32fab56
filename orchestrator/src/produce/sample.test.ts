import { describe, expect, it } from 'vitest'
import { formatSample, isHeader, parseSample } from './sample.ts'

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
  ])('does not accept %j', (line) => {
    expect(parseSample(line)).toBeUndefined()
  })

  it('is the inverse of formatSample', () => {
    expect(formatSample({ timeMs: 1, cpu: '13.640' })).toBe('1,13.640')
    expect(parseSample(formatSample({ timeMs: 1, cpu: '13.640' }))).toEqual({ timeMs: 1, cpu: '13.640' })
  })
})

describe('isHeader', () => {
  it.each(['"time_millis","cpu"', 'time_millis,cpu\r', '\ufefftime,cpu', ' Time , CPU ', '_a,_b'])(
    'recognizes %j',
    (line) => {
      expect(isHeader(line)).toBe(true)
    },
  )

  it.each(['1509009792670,13.64', '', 'time', 'time,13', '1,cpu', 'a,b,c', '{"a":1}'])(
    'does not recognize %j',
    (line) => {
      expect(isHeader(line)).toBe(false)
    },
  )
})

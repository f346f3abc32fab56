import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatSample, isHeader, plainTime, readSample } from './sample.ts'

describe('readSample', () => {
  it.each([
    ['1509009792670,13.64', '13.64'],
    [' 1509009792670 , 13.64\r', '13.64'],
    ['1509009792670,\t13.64\t', '13.64'],
    ['1509009792670,-5', '-5'],
    ['1509009792670,250', '250'],
    ['1509009792670,1.5e1', '1.5e1'],
    ['1509009792670,.5', '.5'],
    ['1509009792670,5.', '5.'],
  ])('reads %j', (line, cpu) => {
    expect(readSample(line)).toEqual({ timeMs: 1_509_009_792_670, cpu, unit: 'ms' })
  })

  it('reads times in other units, in milliseconds', () => {
    expect(readSample('1509009792,1')).toEqual({ timeMs: 1_509_009_792_000, cpu: '1', unit: 's' })
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
    '1509009792670,1e400',
    '-1509009792670,13.64',
    '1509009792670.0,13.64',
    '1,13.64',
    `${'9'.repeat(20)},13.64`,
    ',13.64',
    '1509009792670;13.64',
    '1509009792670,0x10',
    '1509009792670,.',
    '1509009792670,10\f',
    '1509009792670,10\u00a0',
    '\v1509009792670,10',
    `1509009792670,1${' '.repeat(1_024)}`,
  ])('does not accept %j', (line) => {
    expect(readSample(line)).toBeUndefined()
  })

  it('is the inverse of formatSample', () => {
    const line = formatSample({ timeMs: 1_509_009_792_670, cpu: '13.640' })
    expect(line).toBe('1509009792670,13.640')
    expect(readSample(line)).toMatchObject({ timeMs: 1_509_009_792_670, cpu: '13.640' })
  })
})

describe('plainTime', () => {
  it.each(['1509009792670,13.64', '1509009792670,0', '9999999999999,250.0'])('reads %s', (line) => {
    expect(plainTime(Buffer.from(line))).toBe(Number(line.slice(0, 13)))
  })

  it.each([
    '1509009792670,-5',
    '1509009792670,.5',
    '1509009792670,5.',
    '0509009792670,5',
    '1509009792670, 5',
  ])('leaves %s to the complete rule', (line) => {
    expect(plainTime(Buffer.from(line))).toBeUndefined()
  })

  it('never accepts what is not a sample, nor reads another time', () => {
    const text = fc.array(fc.constantFrom(...'0159,.e-; '), { minLength: 1, maxLength: 5 })
    const line = fc.tuple(fc.constantFrom('1509009792670', '150900979267', '15090097926701'), text)
    fc.assert(
      fc.property(line, ([time, rest]) => {
        const whole = `${time}${rest.join('')}`
        const plainMs = plainTime(Buffer.from(whole))
        if (plainMs !== undefined) expect(readSample(whole)).toMatchObject({ timeMs: plainMs, unit: 'ms' })
      }),
      { numRuns: 2_000 },
    )
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

import { expect, it } from 'vitest'
import { explainLine } from './explain-line.ts'

it.each([
  ['', /^line 7 is blank/],
  [`1509009792670,${'1'.repeat(1_024)}`, /1 KiB/],
  ['1509009792670,1\r1509009792671,2', /carriage return/],
  [`${'1509009792670,1\r'.repeat(100)}`, /carriage return/],
  ['12:00:01 AM\t1,5\t2', /separated by a tab/],
  ['12:00:01 AM  all  1,50  0,10', /separated by spaces/],
  ['{"time":1509009792670,"cpu":13.64}', /looks like JSON/],
  ['[1509009792670,13.64]', /looks like JSON/],
  ['1509009792670,13.64\f', /column 2: .* is not a decimal number/],
  ['1509009792670,1\ufffd', /UTF-8/],
  ['"1509009792670","13.64"', /^line 7, column 1: "1509009792670" is in quotes/],
  ['1509009792670,"13.64"', /column 2: .*13\.64.* in quotes/],
  ['1509009792670;13,64', /separated by a semicolon; expected a comma/],
  ['1509009792670;13;64', /separated by a semicolon/],
  ['1509009792670\t13.64', /separated by a tab/],
  ['1509009792670', /1 column .*expected 2/],
  ['1509009792670,host-1,13.64', /3 columns .*expected 2/],
  ['1509009792670.0,13.64', /column 1: "1509009792670\.0" is not a whole number/],
  ['2017-10-26 09:23:12,13.64', /column 1: .* is a date; expected milliseconds since 1970/],
  ['10/26/2017 09:23,13.64', /column 1: .* is a date/],
  ['-5,13.64', /column 1: "-5" is a time before 1970/],
  ['1,13.64', /column 1: "1" is not a time/],
  ['1509009792,n/a', /column 2: "n\/a" is not a decimal number/],
  ['1509009792670,13.64 %', /column 2: "13\.64 %" is not a decimal number/],
  ['1509009792670,', /column 2: "" is not a decimal number/],
  ['1509009792670,1e400', /column 2: "1e400" is too large/],
  [`1509009792670,\u001b[2J${'x'.repeat(80)}`, /column 2: "\\\\x1b\[2Jx{40,60}…"/],
])('of %j is %s', (line, expected) => {
  expect(explainLine(7, line)).toMatch(expected)
})

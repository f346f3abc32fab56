import { expect, it } from 'vitest'
import { windowStartMs } from '../anomaly/result.ts'
import { resultAt } from '../tail/result.fixture.ts'
import { judge } from './verdict.ts'

const t0 = windowStartMs(resultAt(0, 'SAFE'))

it('leaves out windows that have only a part of the burst, also one whose samples look back into it', () => {
  const windows = [
    resultAt(0, 'SAFE'),
    resultAt(500, 'WARN'),
    resultAt(1_000, 'ERROR'), // begins inside, but its first samples look back to before the burst
    resultAt(1_500, 'ERROR'),
    resultAt(2_000, 'SAFE'),
    resultAt(2_500, 'ERROR'), // ends after the burst
    resultAt(3_000, 'WARN'), // its first samples look back into the burst
    resultAt(3_500, 'SAFE'),
  ]
  const [first, early, , found, missed, , , last] = windows
  expect(judge(windows, { fromMs: t0 + 1_000, untilMs: t0 + 2_900 }, 200)).toEqual({
    inside: [found, missed],
    missed: [missed],
    outside: [first, early, last],
    falseAlarms: [early],
  })
})

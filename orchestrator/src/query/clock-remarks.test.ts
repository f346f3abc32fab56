import { describe, expect, it } from 'vitest'
import { at } from '../runtime/runtime.fixture.ts'
import { clockRemarks } from './clock-remarks.ts'
import { type DriverEvent, parseDriverEvent } from './driver-log.ts'

const events = (...lines: readonly string[]): DriverEvent[] =>
  lines.flatMap((line) => parseDriverEvent(line) ?? [])
const NOW = Date.parse(at(7_200))

describe('clockRemarks', () => {
  it('counts the samples from the future of the last hour', () => {
    const remarks = clockRemarks(
      events(
        `${at(0)} dead_letters batch=1 count=9 reasons=future:9`,
        `${at(7_000)} dead_letters batch=2 count=3 reasons=empty:1,future:2`,
        `${at(7_001)} dead_letters batch=3 count=4 reasons=future:4`,
        `${at(7_002)} dead_letters batch=4 count=4 reasons=empty:4`,
      ),
      NOW,
    )
    expect(remarks).toEqual([expect.stringMatching(/^at least 6 samples .* future.*doctor/)])
  })

  it('says nothing before there is progress', () => {
    expect(clockRemarks([], NOW)).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { at } from '../runtime/runtime.fixture.ts'
import { backlogRemarks } from './backlog-remarks.ts'
import { type DriverEvent, parseDriverEvent } from './driver-log.ts'

const events = (...lines: readonly string[]): DriverEvent[] =>
  lines.flatMap((line) => parseDriverEvent(line) ?? [])

const STARTED = `${at(1)} started pid=1`
const LIMITED = `${at(2)} catch_up_limited spread_ms=100800000 possible_ms=7200000 late_at_most=4750000`
const EXPOSED = `${at(2)} catch_up_exposed reach_ms=100800000 possible_ms=7200000`
const REAL_TIME = `${at(2)} backlog_in_real_time records=3060000 spread_ms=100800000`

describe('backlogRemarks', () => {
  it.each([
    [LIMITED, /^up to 4,750,000 samples .* 28 h apart .* room for 2 h; .* STATE_STORE=rocksdb and/],
    [EXPOSED, /^samples of the backlog are late if .* goes back 28 h, .* room for 2 h; .* --new-checkpoint/],
    [REAL_TIME, /^3,060,000 records .* late by up to 28 h; .*=micro-batch or WATERMARK_DELAY=100800 seconds/],
  ])('says what is or may be late, and what to do: %s', (line, remark) => {
    expect(backlogRemarks(events(STARTED, line, `${at(3)} ready batch=0`))).toEqual([
      expect.stringMatching(remark),
    ])
  })

  it('goes by the last progress once the log no longer has the line of the start', () => {
    const progress = `${at(9)} progress batch=9 remark=catch_up_limited spread_ms=100800000 possible_ms=7200000 late_at_most=4750000`
    expect(backlogRemarks(events(progress))).toEqual([expect.stringMatching(/^up to 4,750,000 samples/)])
  })

  it('says nothing of what an earlier driver has read', () => {
    expect(backlogRemarks(events(STARTED, LIMITED, STARTED))).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { at } from '../runtime/runtime.fixture.ts'
import { backlogRemarks } from './backlog-remarks.ts'
import { type DriverEvent, parseDriverEvent } from './driver-log.ts'

const events = (...lines: readonly string[]): DriverEvent[] =>
  lines.flatMap((line) => parseDriverEvent(line) ?? [])

const STARTED = `${at(1)} started pid=1`
const LIMITED = `${at(2)} catch_up_limited spread_ms=100800000 possible_ms=7200000 late_at_most=4750000`

describe('backlogRemarks', () => {
  it('says how many samples may be late, and what to set', () => {
    expect(backlogRemarks(events(STARTED, LIMITED, `${at(3)} ready batch=0`))).toEqual([
      expect.stringMatching(
        /^up to 4,750,000 samples .* 28 h apart .* room for 2 h; .*WATERMARK_DELAY=100800 seconds and STATE_STORE=rocksdb/,
      ),
    ])
  })

  it('goes by the last progress once the log no longer has the line of the start', () => {
    const progress = `${at(9)} progress batch=9 spread_ms=100800000 possible_ms=7200000 late_at_most=4750000`
    expect(backlogRemarks(events(progress))).toEqual([expect.stringMatching(/^up to 4,750,000 samples/)])
  })

  it('says nothing of what an earlier driver has read', () => {
    expect(backlogRemarks(events(STARTED, LIMITED, STARTED))).toEqual([])
  })
})

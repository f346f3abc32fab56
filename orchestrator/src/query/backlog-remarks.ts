import { formatTimeSpan } from '../terminal/units.ts'
import { type DriverEvent, eventsOfDriver } from './driver-log.ts'

/** What the log of the driver that ran last shows of a backlog whose samples are too far apart in time for its state. */
export function backlogRemarks(events: readonly DriverEvent[]): string[] {
  // Each progress line repeats it: `catch_up_limited` itself is soon too far back.
  const { fields } = eventsOfDriver(events).findLast((event) => event.fields.late_at_most) ?? {}
  if (!fields) return []
  const spreadMs = Number(fields.spread_ms)
  const samples = Number(fields.late_at_most).toLocaleString('en')
  const delay = `${Math.ceil(spreadMs / 1_000)} seconds`
  return [
    `up to ${samples} samples of the backlog are late: its batches are ${formatTimeSpan(spreadMs)} apart in time, but the state ` +
      `has room for ${formatTimeSpan(Number(fields.possible_ms))}; to count them all, set WATERMARK_DELAY=${delay} and ` +
      'STATE_STORE=rocksdb, and read them again with `cpu-anomaly submit --new-checkpoint`',
  ]
}

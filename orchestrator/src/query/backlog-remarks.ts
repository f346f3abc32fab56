import { formatTimeSpan } from '../terminal/units.ts'
import { type DriverEvent, eventsOfDriver } from './driver-log.ts'

/** What the log of the driver that ran last shows of unread samples that are, or may be, late. */
export function backlogRemarks(events: readonly DriverEvent[]): string[] {
  // Each progress line repeats it: the line that said it first is soon too far back.
  const event = eventsOfDriver(events).findLast((each) => remarkOf(each) in REMARKS)
  return event ? [REMARKS[remarkOf(event) as keyof typeof REMARKS](event.fields)] : []
}

const remarkOf = ({ name, fields }: DriverEvent): string => fields.remark ?? name

const REMARKS = {
  catch_up_limited: ({ late_at_most, spread_ms, possible_ms }) =>
    `up to ${count(late_at_most)} samples of the backlog are late: its batches are ${span(spread_ms)} apart in time, but the state ` +
    `has room for ${span(possible_ms)}; to count them all, set STATE_STORE=rocksdb and read them again with ` +
    '`cpu-anomaly submit --new-checkpoint`',
  catch_up_exposed: ({ reach_ms, possible_ms }) =>
    `samples of the backlog are late if others arrived in a partition without a backlog while the job started: it goes back ${span(reach_ms)}, ` +
    `but the state has room for ${span(possible_ms)}; if \`cpu-anomaly status\` counts late samples, read them again with ` +
    '`cpu-anomaly submit --new-checkpoint`',
  backlog_in_real_time: ({ records, spread_ms }) =>
    `${count(records)} records were unread, in no order of time or in several partitions: in real-time mode, those that the first ` +
    `CHECKPOINT_INTERVAL does not read may be late by up to ${span(spread_ms)}; to count them all, read them again with TRIGGER=micro-batch ` +
    `or WATERMARK_DELAY=${Math.ceil(Number(spread_ms) / 1_000)} seconds and \`cpu-anomaly submit --new-checkpoint\``,
} as const satisfies Readonly<Record<string, (fields: DriverEvent['fields']) => string>>

const count = (text: string | undefined): string => Number(text).toLocaleString('en')
const span = (ms: string | undefined): string => formatTimeSpan(Number(ms))

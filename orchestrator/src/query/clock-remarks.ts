import { type DriverEvent, eventsOfCheckpoint } from './driver-log.ts'

/** Older lines of the log say nothing about the clocks of today. */
const RECENT_MS = 3_600_000

/** What the last lines of the driver's log show of samples from the future; they need not reach back for an hour. A watermark that is ahead is part of the progress. */
export function clockRemarks(events: readonly DriverEvent[], nowMs: number): string[] {
  const recent = eventsOfCheckpoint(events).filter(({ time }) => Date.parse(time) > nowMs - RECENT_MS)
  const future = recent.reduce((sum, event) => sum + futureLetters(event), 0)
  return future > 0
    ? [
        `at least ${future.toLocaleString('en')} samples of the last hour were in the future: \`cpu-anomaly doctor\` compares the clocks`,
      ]
    : []
}

/** From a line such as `dead_letters batch=7 count=3 reasons=empty:1,future:2`. */
function futureLetters({ name, fields }: DriverEvent): number {
  if (name !== 'dead_letters') return 0
  return Number(/(?:^|,)future:(\d+)/.exec(fields.reasons ?? '')?.[1] ?? 0)
}

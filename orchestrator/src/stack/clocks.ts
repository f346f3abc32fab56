import type { TopicRecord } from '../kafka/topic-reader.ts'
import { parseJson } from '../system/json.ts'
import { shownName } from '../terminal/text.ts'
import { formatTimeSpan } from '../terminal/units.ts'

const TOLERATED_MS = 1_000
/** Older records say nothing about the clocks of today. */
const RECENT_MS = 3_600_000

export type StampedRecord = Pick<TopicRecord, 'timestampMs' | 'key' | 'value'>

/**
 * What the last samples and dead letters show of clocks that differ from the broker's, which stamped the samples.
 * `isOneClock`: the broker runs on this machine, by whose clock it goes.
 */
export function clockTroubles(
  samples: readonly StampedRecord[],
  deadLetters: readonly Pick<TopicRecord, 'value'>[],
  nowMs: number,
  isOneClock: boolean,
): string[] {
  const behindMs = largest(samples.map(({ timestampMs }) => timestampMs - nowMs))
  const recent = samples.filter(({ timestampMs }) => timestampMs > nowMs - RECENT_MS)
  const future = deadLetters.flatMap(({ value }) => futureLead(value, nowMs) ?? [])
  return [
    ...(behindMs > TOLERATED_MS
      ? [
          isOneClock
            ? `this machine's clock was set back by at least ${formatTimeSpan(behindMs)} since the last sample`
            : `this machine's clock is ${formatTimeSpan(behindMs)} behind the broker's`,
        ]
      : []),
    ...leadsByKey(recent),
    ...(future.length > 0
      ? [
          `${future.length} of the last ${deadLetters.length} dead letters were samples from the future, up to ${formatTimeSpan(largest(future))} ahead of the broker's clock`,
        ]
      : []),
  ]
}

/** Samples cannot be newer than their arrival, unless their producer's clock is ahead. */
function leadsByKey(samples: readonly StampedRecord[]): string[] {
  const leads = new Map<string, number>()
  for (const { timestampMs, key, value } of samples) {
    const aheadMs = sampleTime(String(value)) - timestampMs
    const name = String(key)
    if (aheadMs > Math.max(leads.get(name) ?? 0, TOLERATED_MS)) leads.set(name, aheadMs)
  }
  return [...leads].map(
    ([key, aheadMs]) =>
      `the last samples with key ${shownName(key)} are ${formatTimeSpan(aheadMs)} ahead of the broker's clock`,
  )
}

/** How far ahead of its arrival a recent sample from the future was; undefined for any other dead letter. */
function futureLead(value: Buffer | null, nowMs: number): number | undefined {
  const letter = parseJson(String(value)) as
    | { reason?: string; timestamp?: string; value?: string }
    | undefined
  const arrivedMs = Date.parse(letter?.timestamp ?? '')
  if (letter?.reason !== 'future' || !(arrivedMs > nowMs - RECENT_MS)) return undefined
  const aheadMs = sampleTime(letter.value ?? '') - arrivedMs
  return Number.isFinite(aheadMs) ? aheadMs : undefined
}

/** Of the first line of a record. */
const sampleTime = (text: string): number => Number(/^\s*(\d{13})\s*,/.exec(text)?.[1] ?? Number.NaN)

const largest = (numbers: readonly number[]): number =>
  numbers.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)

import type { TopicRecord } from '../kafka/topic-reader.ts'
import { parseJson } from '../system/json.ts'
import type { OffsetRange } from './produce-samples.ts'

/** What the job has accounted for so far, in lines. */
export interface Accounts {
  readonly read: number
  readonly deadLettered: number
  readonly late: number
}

/** What became of the lines that were sent. */
export interface Outcome {
  /** Never read, because the job began behind them. */
  readonly skipped: number
  /** In windows. The least number, if `others` is above 0 and some lines were late. */
  readonly counted: number
  /** The largest number, likewise. */
  readonly late: number
  readonly deadLetters: Readonly<Record<string, number>>
  /** Lines of other producers that the job has read meanwhile; its late ones may be theirs. */
  readonly others: number
  /** So many at least were late, even if all lines of the others were. */
  readonly ownLate: number
}

export function outcomeOf(
  sent: number,
  behindStart: number,
  before: Accounts,
  after: Accounts,
  deadLetters: Readonly<Record<string, number>>,
): Outcome {
  const dead = total(deadLetters)
  const read = after.read - before.read
  const skipped = Math.max(behindStart, sent - read)
  const own = sent - skipped
  const others = read - own
  const late = Math.min(after.late - before.late, own - dead)
  const ownLate = Math.min(Math.max(after.late - before.late - others, 0), late)
  return { skipped, counted: own - dead - late, late, deadLetters, others, ownLate }
}

const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0)

/** Dead letters of these places by reason. A letter may be written twice, with the same key. */
export function deadLettersOf(
  records: readonly Pick<TopicRecord, 'key' | 'value'>[],
  topic: string,
  ranges: readonly OffsetRange[],
): Record<string, number> {
  const counts: Record<string, number> = {}
  const letters = new Map(records.map(({ key, value }) => [String(key), parseJson(String(value))]))
  for (const letter of letters.values()) {
    if (!isDeadLetter(letter) || letter.topic !== topic) continue
    const { partition, offset, reason } = letter
    if (ranges.some((range) => range.partition === partition && range.from <= offset && offset < range.to))
      counts[reason] = (counts[reason] ?? 0) + 1
  }
  return counts
}

interface DeadLetter {
  readonly reason: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

const isDeadLetter = (value: unknown): value is DeadLetter =>
  typeof value === 'object' && value !== null && 'reason' in value && 'offset' in value

/** Certainly none of them is in a window. */
export const isNothingCounted = ({ counted, late, ownLate }: Outcome): boolean =>
  counted + late - ownLate === 0

/** For a person: `9990 counted, 10 late, 0 dead letters`, and what was skipped, if anything. */
export function outcomeText({ skipped, counted, late, deadLetters, others }: Outcome): string {
  const reasons = Object.entries(deadLetters).map(([reason, count]) => `${reason} ${count}`)
  const isShared = others > 0 && late > 0
  const parts = [
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    `${isShared ? 'at least ' : ''}${counted} counted`,
    `${isShared ? 'at most ' : ''}${late} late`,
    `${total(deadLetters)} dead letter${total(deadLetters) === 1 ? '' : 's'}${reasons.length > 0 ? ` (${reasons.join(', ')})` : ''}`,
  ]
  const shared = isShared ? `; the job has also read ${others} lines of other producers` : ''
  return `${parts.join(', ')}${shared}`
}

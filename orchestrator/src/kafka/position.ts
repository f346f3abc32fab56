import { CliError } from '../errors.ts'

/** Where a reader begins. */
export type Position =
  | { readonly kind: 'earliest' }
  | { readonly kind: 'latest' }
  /** The last records of the whole topic. */
  | { readonly kind: 'last'; readonly count: number }
  /** Records written at this time or later. */
  | { readonly kind: 'since'; readonly timeMs: number }

const ISO_TIME =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3})\d*)?)?(Z|[+-]\d\d:?\d\d)?)?$/

/**
 * Parses `--from`. A time without a zone is local, with or without the time of day.
 * @throws CliError USAGE when it is not a position.
 */
export function parsePosition(text: string, nowMs = Date.now()): Position {
  if (text === 'earliest' || text === 'latest') return { kind: text }
  if (/^-\d+$/.test(text) && Number.isSafeInteger(Number(text))) return { kind: 'last', count: -Number(text) }
  const timeMs = parseTime(text)
  if (timeMs === undefined) throw notPosition(text, 'not a position')
  if (timeMs > nowMs) throw notPosition(text, `in the future: ${new Date(timeMs).toISOString()}`)
  return { kind: 'since', timeMs }
}

const notPosition = (text: string, why: string) =>
  new CliError('USAGE', `--from ${text}: ${why}`, {
    hint: 'Use earliest, latest, -N for the last N records, or a time such as 2026-01-31T08:00 (local) or 2026-01-31T08:00:00Z.',
  })

/** Epoch milliseconds; undefined for what is not a time, such as 30 February, which `Date` would take for 2 March. */
export function parseTime(text: string): number | undefined {
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '0', zone] =
    text.match(ISO_TIME) ?? []
  if (year === undefined) return undefined
  const fields = [year, Number(month) - 1, day, hour, minute, second, fraction.padEnd(3, '0')].map(Number)
  const [y = 0, mo = 0, ...rest] = fields
  const utcMs = Date.UTC(y, mo, ...rest)
  const written = new Date(utcMs).toISOString()
  if (!written.startsWith(`${year}-${month}-${day}T${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`))
    return undefined
  return zone === undefined ? new Date(y, mo, ...rest).getTime() : zonedMs(utcMs, zone)
}

function zonedMs(utcMs: number, zone: string): number | undefined {
  if (zone === 'Z') return utcMs
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))]
  if (hours > 14 || minutes > 59) return undefined
  const offsetMs = (hours * 60 + minutes) * 60_000
  return zone.startsWith('-') ? utcMs + offsetMs : utcMs - offsetMs
}

/** Offsets per partition. */
export type Offsets = ReadonlyMap<number, bigint>

export const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b)

export interface LocatedRecord {
  readonly partition: number
  readonly offset: bigint
  readonly timestampMs: number
}

/**
 * Where to begin in order to read exactly the last `count` of these records: in each partition at the first of them, or
 * at its end if it has none.
 */
export function offsetsOfLast(
  records: readonly LocatedRecord[],
  count: number,
  ends: Offsets,
): Map<number, bigint> {
  const begin = new Map(ends)
  const inOrder = [...records].sort(
    (a, b) => a.timestampMs - b.timestampMs || a.partition - b.partition || compare(a.offset, b.offset),
  )
  for (const { partition, offset } of count === 0 ? [] : inOrder.slice(-count)) {
    const known = begin.get(partition)
    if (known === undefined || offset < known) begin.set(partition, offset)
  }
  return begin
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)

export interface Reconciled {
  readonly positions: Map<number, bigint>
  /** The topic ends before a position, so it is not the topic that was read. */
  readonly recreated: boolean
  /** Records that were deleted before they could be read. */
  readonly lost: bigint
}

/** Fits the positions of a reader to what the topic has now; added partitions are read from their beginning. */
export function reconcile(positions: Offsets, begin: Offsets, end: Offsets): Reconciled {
  const recreated = [...positions].some(([partition, offset]) => offset > (end.get(partition) ?? 0n))
  let lost = 0n
  const fitted = new Map<number, bigint>()
  for (const [partition, first] of begin) {
    const at = recreated ? first : (positions.get(partition) ?? first)
    const gap = first - at
    if (gap > 0n) lost += gap
    fitted.set(partition, gap > 0n ? first : at)
  }
  return { positions: fitted, recreated, lost }
}

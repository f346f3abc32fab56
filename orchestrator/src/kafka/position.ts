import { CliError } from '../errors.ts'

/** Where a reader begins. */
export type Position =
  | { readonly kind: 'earliest' }
  | { readonly kind: 'latest' }
  /** The last records of the whole topic. */
  | { readonly kind: 'last'; readonly count: number }
  /** Records written at this time or later. */
  | { readonly kind: 'since'; readonly timeMs: number }

const ISO_TIME = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/

/**
 * Parses `--from`.
 * @throws CliError USAGE when it is not a position.
 */
export function parsePosition(text: string): Position {
  if (text === 'earliest' || text === 'latest') return { kind: text }
  if (/^-\d+$/.test(text) && Number.isSafeInteger(Number(text))) return { kind: 'last', count: -Number(text) }
  const timeMs = ISO_TIME.test(text) ? Date.parse(text.replace(' ', 'T')) : Number.NaN
  if (Number.isFinite(timeMs)) return { kind: 'since', timeMs }
  throw new CliError('USAGE', `--from ${text}: not a position`, {
    hint: 'Use earliest, latest, -N for the last N records, or an ISO time such as 2026-01-31T08:00:00Z.',
  })
}

/** Offsets per partition. */
export type Offsets = ReadonlyMap<number, bigint>

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

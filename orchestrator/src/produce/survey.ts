import { isHeader, readSample, type Sample } from './sample.ts'
import type { TimeUnit } from './time-unit.ts'

/** A line of the input, counted from 1. */
export interface NumberedLine {
  readonly number: number
  readonly text: string
}

export interface TimedLine {
  readonly number: number
  readonly timeMs: number
}

/** Where samples are accepted; see CPU_MIN and CPU_MAX. */
export interface CpuRange {
  readonly cpuMin: number | undefined
  readonly cpuMax: number | undefined
}

/** What an input holds, before anything of it is sent. */
export interface Survey {
  /** Lines without the header. */
  readonly lines: number
  readonly header: string | undefined
  /** The unit of most times; undefined if no line is a sample. */
  readonly unit: TimeUnit | undefined
  /** Lines that are samples in this unit. */
  readonly samples: number
  readonly oldest: TimedLine | undefined
  readonly newest: TimedLine | undefined
  /** Samples that are older than one before them by more than the job waits for late ones. */
  readonly unsorted: number
  readonly firstUnsorted: (TimedLine & { readonly behindMs: number }) | undefined
  /** Samples whose CPU value is out of range. */
  readonly outOfRange: number
  readonly firstOutOfRange: NumberedLine | undefined
  readonly firstUnlike: NumberedLine | undefined
}

/** Reads lines once and keeps only totals. `toleranceMs`: how much older than one before it a sample may be. */
export async function survey(
  lines: AsyncIterable<readonly Buffer[]>,
  toleranceMs: number,
  range: CpuRange,
): Promise<Survey> {
  const byUnit = new Map<TimeUnit, Tally>()
  let header: string | undefined
  let firstUnlike: NumberedLine | undefined
  let number = 0
  for await (const some of lines)
    for (const line of some) {
      number += 1
      const sample = readSample(line.toString('latin1'))
      if (sample) tallyOf(byUnit, sample.unit, toleranceMs).add(number, sample, line, range)
      else if (number === 1 && isHeader(line.toString('utf8'))) header = line.toString('utf8').trim()
      else firstUnlike ??= { number, text: line.toString('utf8') }
    }
  const [usual, ...others] = [...byUnit].sort(([, a], [, b]) => b.count - a.count)
  return {
    lines: header === undefined ? number : number - 1,
    header,
    unit: usual?.[0],
    samples: usual?.[1].count ?? 0,
    oldest: usual?.[1].oldest,
    newest: usual?.[1].newest,
    unsorted: usual?.[1].unsorted ?? 0,
    firstUnsorted: usual?.[1].firstUnsorted,
    outOfRange: usual?.[1].outOfRange ?? 0,
    firstOutOfRange: usual?.[1].firstOutOfRange,
    firstUnlike: earliest([firstUnlike, ...others.map(([, tally]) => tally.first)]),
  }
}

function tallyOf(byUnit: Map<TimeUnit, Tally>, unit: TimeUnit, toleranceMs: number): Tally {
  const tally = byUnit.get(unit) ?? new Tally(toleranceMs)
  byUnit.set(unit, tally)
  return tally
}

const earliest = (lines: readonly (NumberedLine | undefined)[]): NumberedLine | undefined =>
  lines.flatMap((line) => line ?? []).sort((a, b) => a.number - b.number)[0]

/** The samples of one unit. */
class Tally {
  count = 0
  first: NumberedLine | undefined
  oldest: TimedLine | undefined
  newest: TimedLine | undefined
  outOfRange = 0
  firstOutOfRange: NumberedLine | undefined
  unsorted = 0
  firstUnsorted: Survey['firstUnsorted']
  readonly #toleranceMs: number

  constructor(toleranceMs: number) {
    this.#toleranceMs = toleranceMs
  }

  add(number: number, { timeMs, cpu }: Sample, line: Buffer, { cpuMin, cpuMax }: CpuRange): void {
    this.count += 1
    this.first ??= { number, text: line.toString('latin1') }
    if (Number(cpu) < (cpuMin ?? -Infinity) || Number(cpu) > (cpuMax ?? Infinity)) {
      this.outOfRange += 1
      this.firstOutOfRange ??= { number, text: cpu }
    }
    if (this.oldest === undefined || timeMs < this.oldest.timeMs) this.oldest = { number, timeMs }
    if (this.newest === undefined || timeMs > this.newest.timeMs) this.newest = { number, timeMs }
    const behindMs = this.newest.timeMs - timeMs
    if (behindMs <= this.#toleranceMs) return
    this.unsorted += 1
    this.firstUnsorted ??= { number, timeMs, behindMs }
  }
}

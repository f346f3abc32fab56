import { isHeader, plainTime, readSample } from './sample.ts'
import type { TimeUnit } from './time-unit.ts'

/** A line of the input, counted from 1. */
interface NumberedLine {
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
  const surveyor = new Surveyor(toleranceMs, range)
  for await (const some of lines) for (const line of some) surveyor.add(line)
  return surveyor.result()
}

class Surveyor {
  readonly #toleranceMs: number
  readonly #range: CpuRange
  readonly #isLimited: boolean
  readonly #byUnit = new Map<TimeUnit, Tally>()
  #number = 0
  #header: string | undefined
  #firstUnlike: NumberedLine | undefined

  constructor(toleranceMs: number, range: CpuRange) {
    this.#toleranceMs = toleranceMs
    this.#range = range
    this.#isLimited = range.cpuMin !== undefined || range.cpuMax !== undefined
  }

  add(line: Buffer): void {
    this.#number += 1
    const plainMs = this.#isLimited ? undefined : plainTime(line)
    if (plainMs === undefined) this.#addOther(line)
    else this.#tally('ms').add(this.#number, plainMs, line)
  }

  #addOther(line: Buffer): void {
    const sample = readSample(line.toString('latin1'))
    const text = line.toString('utf8')
    if (sample) {
      const outside = this.#isLimited && isOutside(sample.cpu, this.#range) ? sample.cpu : undefined
      this.#tally(sample.unit).add(this.#number, sample.timeMs, line, outside)
    } else if (this.#number === 1 && isHeader(text)) this.#header = text.trim()
    else this.#firstUnlike ??= { number: this.#number, text }
  }

  result(): Survey {
    const [usual, ...others] = [...this.#byUnit].sort(([, a], [, b]) => b.count - a.count)
    const tally = usual?.[1] ?? new Tally(this.#toleranceMs)
    return {
      lines: this.#header === undefined ? this.#number : this.#number - 1,
      header: this.#header,
      unit: usual?.[0],
      samples: tally.count,
      oldest: tally.oldest,
      newest: tally.newest,
      unsorted: tally.unsorted,
      firstUnsorted: tally.firstUnsorted,
      outOfRange: tally.outOfRange,
      firstOutOfRange: tally.firstOutOfRange,
      firstUnlike: earliest([this.#firstUnlike, ...others.map(([, other]) => other.first)]),
    }
  }

  #tally(unit: TimeUnit): Tally {
    const known = this.#byUnit.get(unit)
    if (known) return known
    const tally = new Tally(this.#toleranceMs)
    this.#byUnit.set(unit, tally)
    return tally
  }
}

const isOutside = (cpu: string, { cpuMin, cpuMax }: CpuRange): boolean =>
  (cpuMin !== undefined && Number(cpu) < cpuMin) || (cpuMax !== undefined && Number(cpu) > cpuMax)

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

  /** `outside`: the CPU value, if it is out of range. */
  add(number: number, timeMs: number, line: Buffer, outside?: string): void {
    this.count += 1
    this.first ??= { number, text: line.toString('latin1') }
    if (outside !== undefined) {
      this.outOfRange += 1
      this.firstOutOfRange ??= { number, text: outside }
    }
    if (this.oldest === undefined || timeMs < this.oldest.timeMs) this.oldest = { number, timeMs }
    if (this.newest === undefined || timeMs > this.newest.timeMs) this.newest = { number, timeMs }
    const behindMs = this.newest.timeMs - timeMs
    if (behindMs <= this.#toleranceMs) return
    this.unsorted += 1
    this.firstUnsorted ??= { number, timeMs, behindMs }
  }
}

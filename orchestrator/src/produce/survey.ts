import type { TimeUnit } from '../table/time-unit.ts'
import type { Line } from './line.ts'
import { isHeader, plainTime, readSample } from './sample.ts'
import { isLateAfter, type WindowRule } from './windows.ts'

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

/** What decides which samples are out of range, and which are in the wrong order. */
export interface SurveyRules extends CpuRange, WindowRule {
  /** A sample after this time, in epoch milliseconds, is left out by the job, and makes no other one late. */
  readonly latestMs: number
}

/** How many samples have times in this unit, and the number of the first one. */
interface UnitUse {
  readonly unit: TimeUnit
  readonly samples: number
  readonly first: number
}

/** What an input holds, before anything of it is sent. */
export interface Survey {
  /** Lines without the header. */
  readonly lines: number
  readonly header: string | undefined
  /** The units of the times, the most frequent first. */
  readonly units: readonly UnitUse[]
  readonly samples: number
  readonly oldest: TimedLine | undefined
  readonly newest: TimedLine | undefined
  /** Samples that are so much older than one before them that the job may take them for late. */
  readonly unsorted: number
  readonly firstUnsorted: (TimedLine & { readonly behindMs: number }) | undefined
  /** Samples whose CPU value is out of range. */
  readonly outOfRange: number
  readonly firstOutOfRange: NumberedLine | undefined
  readonly firstUnlike: NumberedLine | undefined
  /** The CPU values of the first samples; undefined where CPU_MIN or CPU_MAX is set. */
  readonly firstValues: CpuValues | undefined
}

interface CpuValues {
  readonly count: number
  readonly least: number
  readonly most: number
}

/** Enough to tell percent from another unit, and few enough to cost nothing. */
const FIRST_VALUES = 1_000

/** Reads lines once and keeps only totals. */
export async function survey(lines: AsyncIterable<readonly Line[]>, rules: SurveyRules): Promise<Survey> {
  const surveyor = new Surveyor(rules)
  for await (const some of lines) for (const line of some) surveyor.add(line)
  return surveyor.result()
}

class Surveyor {
  readonly #range: CpuRange
  readonly #isLimited: boolean
  readonly #units = new Map<TimeUnit, { unit: TimeUnit; samples: number; first: number }>()
  readonly #tally: Tally
  readonly #values: number[] = []
  #lines = 0
  #number = 0
  #header: string | undefined
  #firstUnlike: NumberedLine | undefined

  constructor(rules: SurveyRules) {
    this.#tally = new Tally(rules)
    this.#range = rules
    this.#isLimited = isLimited(rules)
  }

  add({ bytes, number }: Line): void {
    this.#lines += 1
    this.#number = number
    const plainMs = this.#isLimited ? undefined : plainTime(bytes)
    if (!this.#isLimited && this.#values.length < FIRST_VALUES) this.#noteValue(bytes)
    if (plainMs === undefined) this.#addOther(bytes)
    else this.#addSample('ms', plainMs)
  }

  #noteValue(line: Buffer): void {
    const sample = readSample(line.toString('latin1'))
    if (sample) this.#values.push(Number(sample.cpu))
  }

  #addOther(line: Buffer): void {
    const sample = readSample(line.toString('latin1'))
    const text = line.toString('utf8')
    if (sample) {
      const outside = this.#isLimited && isOutside(sample.cpu, this.#range) ? sample.cpu : undefined
      this.#addSample(sample.unit, sample.timeMs, outside)
    } else if (this.#number === 1 && isHeader(text)) this.#header = text.trim()
    else this.#firstUnlike ??= { number: this.#number, text }
  }

  result(): Survey {
    const tally = this.#tally
    return {
      lines: this.#header === undefined ? this.#lines : this.#lines - 1,
      header: this.#header,
      units: [...this.#units.values()].sort((a, b) => b.samples - a.samples),
      samples: tally.count,
      oldest: tally.oldest,
      newest: tally.newest,
      unsorted: tally.unsorted,
      firstUnsorted: tally.firstUnsorted,
      outOfRange: tally.outOfRange,
      firstOutOfRange: tally.firstOutOfRange,
      firstUnlike: this.#firstUnlike,
      firstValues: this.#values.length > 0 ? describeValues(this.#values) : undefined,
    }
  }

  #addSample(unit: TimeUnit, timeMs: number, outside?: string): void {
    const use = this.#units.get(unit)
    if (use) use.samples += 1
    else this.#units.set(unit, { unit, samples: 1, first: this.#number })
    this.#tally.add(this.#number, timeMs, outside)
  }
}

const describeValues = (values: readonly number[]): CpuValues => ({
  count: values.length,
  least: Math.min(...values),
  most: Math.max(...values),
})

export const isLimited = ({ cpuMin, cpuMax }: CpuRange): boolean =>
  cpuMin !== undefined || cpuMax !== undefined

export const isOutside = (cpu: string, { cpuMin, cpuMax }: CpuRange): boolean =>
  (cpuMin !== undefined && Number(cpu) < cpuMin) || (cpuMax !== undefined && Number(cpu) > cpuMax)

class Tally {
  count = 0
  oldest: TimedLine | undefined
  newest: TimedLine | undefined
  outOfRange = 0
  firstOutOfRange: NumberedLine | undefined
  unsorted = 0
  firstUnsorted: Survey['firstUnsorted']
  readonly #rules: SurveyRules
  /** The newest time that the job will have read. */
  #leadMs = Number.NEGATIVE_INFINITY

  constructor(rules: SurveyRules) {
    this.#rules = rules
  }

  /** `outside`: the CPU value, if it is out of range. */
  add(number: number, timeMs: number, outside?: string): void {
    this.count += 1
    if (outside !== undefined) {
      this.outOfRange += 1
      this.firstOutOfRange ??= { number, text: outside }
    }
    if (this.oldest === undefined || timeMs < this.oldest.timeMs) this.oldest = { number, timeMs }
    if (this.newest === undefined || timeMs > this.newest.timeMs) this.newest = { number, timeMs }
    if (outside !== undefined || timeMs > this.#rules.latestMs) return
    if (timeMs > this.#leadMs) this.#leadMs = timeMs
    else if (isLateAfter(this.#leadMs, timeMs, this.#rules)) {
      this.unsorted += 1
      this.firstUnsorted ??= { number, timeMs, behindMs: this.#leadMs - timeMs }
    }
  }
}

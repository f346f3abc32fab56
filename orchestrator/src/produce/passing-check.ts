import { type TimeUnit, UNIT_NAMES } from '../table/time-unit.ts'
import { formatTimeSpan } from '../terminal/units.ts'
import { explainLine } from './explain-line.ts'
import { type Circumstances, fateOf } from './prospects.ts'
import { readSample } from './sample.ts'
import { isLimited, isOutside, type Survey } from './survey.ts'
import { isLateAfter } from './windows.ts'

type Trouble = 'unlike' | 'unit' | 'range' | 'late' | 'future' | 'ahead' | 'unsorted'

/** Looks at lines as they are sent, for a stream whose end is not known before. Warns at the first of each kind. */
export class PassingCheck {
  readonly #circumstances: Circumstances
  readonly #after: number
  readonly #units: ReadonlySet<TimeUnit>
  readonly #warn: (line: string) => void
  readonly #counts = new Map<Trouble, number>()
  #clockAheadMs: number
  #newestMs = Number.NEGATIVE_INFINITY

  /** The lines that were surveyed were looked at before. */
  constructor(
    circumstances: Circumstances,
    { lines, header, units }: Pick<Survey, 'lines' | 'header' | 'units'>,
    warn: (line: string) => void,
  ) {
    this.#circumstances = circumstances
    this.#clockAheadMs = -circumstances.clockBehindMs
    this.#after = lines + (header === undefined ? 0 : 1)
    this.#units = new Set(units.map(({ unit }) => unit))
    this.#warn = warn
  }

  /** From now on the future is judged by the broker's clock. */
  setClock(aheadMs: number): void {
    this.#clockAheadMs = aheadMs
  }

  readonly onUnlike = (line: Buffer, number: number): void => {
    const { deadLetterTopic } = this.#circumstances
    const explain = () => explainLine(number, line.toString('utf8'))
    this.#note('unlike', number, () => `${explain()}; it becomes a dead letter in ${deadLetterTopic}`)
  }

  readonly onSample = (timeMs: number, number: number, unit: TimeUnit, line: Buffer): void => {
    if (!this.#units.has(unit))
      this.#note('unit', number, () => `line ${number} has its time in ${UNIT_NAMES[unit]}: it is converted`)
    if (this.#isOutside(line)) {
      const why = 'has a CPU value outside CPU_MIN and CPU_MAX: a dead letter'
      this.#note('range', number, () => `line ${number} ${why}`)
    } else this.#judgeTime(timeMs, number)
  }

  /** What was found, in one line; undefined if nothing was. */
  summary(): string | undefined {
    const words: Readonly<Record<Trouble, string>> = {
      unlike: 'were not samples',
      unit: 'had times in another unit, which were converted',
      range: 'had CPU values outside CPU_MIN and CPU_MAX',
      late: "were behind the job's watermark",
      future: 'were in the future',
      ahead: 'were ahead of the clock',
      unsorted: 'were much older than one before them',
    }
    const found = [...this.#counts].map(([trouble, count]) => `${count} ${words[trouble]}`)
    return found.length > 0 ? `of the lines that came later, ${found.join(', ')}` : undefined
  }

  #isOutside(line: Buffer): boolean {
    if (!isLimited(this.#circumstances)) return false
    const { cpu } = readSample(line.toString('latin1')) ?? {}
    return cpu !== undefined && isOutside(cpu, this.#circumstances)
  }

  #judgeTime(timeMs: number, number: number): void {
    const { toleranceMs } = this.#circumstances
    const nowMs = Date.now() - this.#clockAheadMs
    const aheadMs = timeMs - nowMs
    const fate = fateOf(timeMs, { ...this.#circumstances, nowMs })
    if (fate === 'late')
      this.#note('late', number, () => `line ${number} is behind the job's watermark: late, in no window`)
    if (fate === 'future')
      this.#note(
        'future',
        number,
        () => `line ${number} is ${formatTimeSpan(aheadMs)} in the future: a dead letter`,
      )
    else if (aheadMs > toleranceMs)
      this.#note(
        'ahead',
        number,
        () =>
          `line ${number} is ${formatTimeSpan(aheadMs)} ahead of the clock: once the job has read it, samples of the present are late, in no window`,
      )
    if (isLateAfter(this.#newestMs, timeMs, this.#circumstances))
      this.#note(
        'unsorted',
        number,
        () =>
          `line ${number} is ${formatTimeSpan(this.#newestMs - timeMs)} older than one before it: it may be late`,
      )
    if (timeMs > this.#newestMs && fate !== 'future') this.#newestMs = timeMs
  }

  #note(trouble: Trouble, number: number, why: () => string): void {
    if (number <= this.#after) return
    const count = this.#counts.get(trouble) ?? 0
    this.#counts.set(trouble, count + 1)
    if (count === 0) this.#warn(why())
  }
}

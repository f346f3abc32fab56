import { formatTimeSpan } from '../terminal/units.ts'
import { explainLine } from './explain-line.ts'
import { type Circumstances, fateOf } from './prospects.ts'
import type { Survey } from './survey.ts'
import { type TimeUnit, UNIT_NAMES } from './time-unit.ts'

type Trouble = 'unlike' | 'unit' | 'late' | 'future' | 'unsorted'

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

  readonly onSample = (timeMs: number, number: number, unit: TimeUnit): void => {
    const { toleranceMs } = this.#circumstances
    const nowMs = Date.now() - this.#clockAheadMs
    const fate = fateOf(timeMs, { ...this.#circumstances, nowMs })
    const behindMs = this.#newestMs - timeMs
    if (!this.#units.has(unit))
      this.#note('unit', number, () => `line ${number} has its time in ${UNIT_NAMES[unit]}: it is converted`)
    if (fate === 'late')
      this.#note('late', number, () => `line ${number} is behind the job's watermark: late, in no window`)
    if (fate === 'future')
      this.#note(
        'future',
        number,
        () => `line ${number} is ${formatTimeSpan(timeMs - nowMs)} in the future: a dead letter`,
      )
    if (behindMs > toleranceMs)
      this.#note(
        'unsorted',
        number,
        () => `line ${number} is ${formatTimeSpan(behindMs)} older than one before it: it may be late`,
      )
    if (timeMs > this.#newestMs && fate !== 'future') this.#newestMs = timeMs
  }

  /** What was found, in one line; undefined if nothing was. */
  summary(): string | undefined {
    const words: Readonly<Record<Trouble, string>> = {
      unlike: 'were not samples',
      unit: 'had times in another unit, which were converted',
      late: "were behind the job's watermark",
      future: 'were in the future',
      unsorted: 'were much older than one before them',
    }
    const found = [...this.#counts].map(([trouble, count]) => `${count} ${words[trouble]}`)
    return found.length > 0 ? `of the lines that came later, ${found.join(', ')}` : undefined
  }

  #note(trouble: Trouble, number: number, why: () => string): void {
    if (number <= this.#after) return
    const count = this.#counts.get(trouble) ?? 0
    this.#counts.set(trouble, count + 1)
    if (count === 0) this.#warn(why())
  }
}

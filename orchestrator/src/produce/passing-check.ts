import { formatTimeSpan } from '../terminal/units.ts'
import { explainLine } from './explain-line.ts'
import { type Circumstances, fateOf } from './prospects.ts'

type Trouble = 'unlike' | 'late' | 'future' | 'unsorted'

/** Looks at lines as they are sent, for a stream whose end is not known before. Warns at the first of each kind. */
export class PassingCheck {
  readonly #circumstances: Circumstances
  readonly #after: number
  readonly #warn: (line: string) => void
  readonly #counts = new Map<Trouble, number>()
  #newestMs = Number.NEGATIVE_INFINITY

  /** Lines up to number `after` were looked at before. */
  constructor(circumstances: Circumstances, after: number, warn: (line: string) => void) {
    this.#circumstances = circumstances
    this.#after = after
    this.#warn = warn
  }

  readonly onUnlike = (line: Buffer, number: number): void => {
    const { deadLetterTopic } = this.#circumstances
    const explain = () => explainLine(number, line.toString('utf8'))
    this.#note('unlike', number, () => `${explain()}; it becomes a dead letter in ${deadLetterTopic}`)
  }

  readonly onSample = (timeMs: number, number: number): void => {
    const { toleranceMs } = this.#circumstances
    const fate = fateOf(timeMs, { ...this.#circumstances, nowMs: Date.now() })
    const behindMs = this.#newestMs - timeMs
    if (fate === 'late')
      this.#note('late', number, () => `line ${number} is behind the job's watermark: late, in no window`)
    if (fate === 'future')
      this.#note(
        'future',
        number,
        () => `line ${number} is ${formatTimeSpan(timeMs - Date.now())} in the future: a dead letter`,
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

import { plural } from '../terminal/units.ts'
import { dayOrder } from './read-time.ts'
import { shown } from './shown.ts'

/** Why a line of a table is not a sample. */
type Reason = 'blank' | 'core' | 'header' | 'other' | 'restart' | 'summary' | 'unreadable'

const WORDS: Readonly<Record<Exclude<Reason, 'unreadable'>, string>> = {
  blank: 'without a value',
  core: 'of single cores',
  header: 'with the header again',
  other: 'of other tables',
  restart: 'about a restart',
  summary: 'of averages',
}

/** What of a table is not sent. */
export class LeftOut {
  readonly #counts = new Map<Reason, number>()
  #first: string | undefined
  #isDayFirst = false

  note(reason: Exclude<Reason, 'unreadable'>): void {
    this.#count(reason)
  }

  /** A line that should be a sample. */
  noteUnreadable(line: number, column: string, text: string, why: string): void {
    this.#isDayFirst ||= dayOrder(text) === 'day first'
    this.#first ??= `line ${line}, ${column}: ${shown(text)} ${why}`
    this.#count('unreadable')
  }

  get unreadable(): number {
    return this.#counts.get('unreadable') ?? 0
  }

  /** The first line that should be a sample, and why it is not. */
  get first(): string | undefined {
    return this.#first
  }

  /** Does an unreadable date show that the day is first? */
  get isDayFirst(): boolean {
    return this.#isDayFirst
  }

  /** Empty if every line is a sample. */
  toString(): string {
    const known = Object.entries(WORDS).flatMap(([reason, words]) => {
      const count = this.#counts.get(reason as Reason)
      return count === undefined ? [] : [`${plural(count, 'line')} ${words}`]
    })
    const unreadable = this.#first
      ? [`${plural(this.unreadable, 'line')} that cannot be read (${this.#first})`]
      : []
    return [...known, ...unreadable].join(', ')
  }

  #count(reason: Reason): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1)
  }
}

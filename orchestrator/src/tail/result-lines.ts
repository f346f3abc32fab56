import { formatResult } from '../anomaly/format.ts'
import { type WindowResult, windowKey } from '../anomaly/result.ts'
import { BoundedMap } from '../anomaly/window-updates.ts'

/** Lines that are remembered; further back, a line may be printed twice. */
const LIMIT = 20_000

export interface LineOptions {
  readonly normalMean: number
  readonly normalStddev: number
  readonly width: number
  readonly nowMs: number
}

/**
 * Formats results as lines for a person. A line has a date if it is not today's, or not that of the line before. A
 * window whose line would be the same as its last one, since only digits that are not shown have changed, gets none.
 */
export class ResultLines {
  readonly #last = new BoundedMap<string>(LIMIT)
  #date: string | undefined

  format(results: readonly WindowResult[], options: LineOptions): string[] {
    return results.flatMap((result) => {
      const line = formatResult(result, options)
      if (this.#last.get(windowKey(result)) === line) return []
      this.#last.set(windowKey(result), line)
      return this.#withDate(result, line, options)
    })
  }

  #withDate(result: WindowResult, line: string, options: LineOptions): string {
    const today = isoDate(options.nowMs)
    const date = isoDate(Date.parse(result.window.start))
    const showsDate = date !== today || date !== (this.#date ?? today)
    this.#date = date
    return showsDate ? formatResult(result, { ...options, showsDate }) : line
  }
}

const isoDate = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10)

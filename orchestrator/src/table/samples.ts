import { isTotal } from './cpu-column.ts'
import { isHeader, isRestart, isSummary, namesColumns, namesOf } from './head.ts'
import type { Layout } from './layout.ts'
import type { LeftOut } from './left-out.ts'
import { isBlankValue, readCpu } from './read-cpu.ts'
import { readTime, whyNotTime } from './read-time.ts'
import { describe, describeAll } from './refuse.ts'
import { type Row, readRows } from './rows.ts'
import { timeText } from './time-column.ts'

/** A sample of a table. */
export interface TableSample {
  readonly timeMs: number
  /** Percent, as the job reads it. */
  readonly cpu: string
  /** Undefined without a column of series. */
  readonly series: string | undefined
  /** The line of the file. */
  readonly line: number
}

/** Reads the samples of a table; those of each chunk together. */
export async function* readSamples(
  chunks: AsyncIterable<Buffer>,
  layout: Layout,
  leftOut: LeftOut,
): AsyncGenerator<readonly TableSample[]> {
  const reader = new SampleReader(layout, leftOut)
  for await (const rows of readRows(chunks, layout.separator))
    yield rows.flatMap((row) => reader.read(row) ?? [])
}

class SampleReader {
  readonly #layout: Layout
  readonly #leftOut: LeftOut
  readonly #header: string | undefined
  readonly #place: { readonly time: string; readonly cpu: string }
  /** False in a section with other columns. */
  #isHere = true

  constructor(layout: Layout, leftOut: LeftOut) {
    const { head, time, cpu } = layout
    this.#layout = layout
    this.#leftOut = leftOut
    this.#header = head.names && keyOf(head.names)
    const columns = (...indices: readonly number[]) =>
      head.columns.filter(({ index }) => indices.includes(index))
    this.#place = {
      time: describeAll(columns(...time.indices), ' and '),
      cpu: columns(cpu.index).map(describe).join(),
    }
  }

  read(row: Row): TableSample | undefined {
    const { head, series } = this.#layout
    const { fields, line } = row
    if (line < head.firstLine || (line === head.firstLine && head.names)) return undefined
    const reason = this.#whyLeftOut(fields)
    if (reason) {
      this.#leftOut.note(reason)
      return undefined
    }
    const timeMs = this.#time(row)
    const value = timeMs === undefined ? undefined : this.#cpu(row)
    if (timeMs === undefined || value === undefined) return undefined
    return { timeMs, cpu: value, series: series && (fields[series.index] ?? ''), line }
  }

  #whyLeftOut(fields: readonly string[]): Parameters<LeftOut['note']>[0] | undefined {
    if (isHeader(fields) && namesColumns(fields)) {
      // The first name of mpstat's header is a time.
      this.#isHere = this.#header === undefined || keyOf(namesOf(fields)) === this.#header
      return this.#isHere ? 'header' : 'other'
    }
    if (!this.#isHere) return 'other'
    if (isRestart(fields)) return 'restart'
    if (isSummary(fields)) return 'summary'
    const { core, index } = this.#layout.cpu
    if (core && !isTotal(fields[core.index] ?? '')) return 'core'
    return index < fields.length && isBlankValue(fields[index] ?? '') ? 'blank' : undefined
  }

  #time({ fields, line }: Row): number | undefined {
    const { indices, rules } = this.#layout.time
    const text = timeText(fields, indices)
    const timeMs = readTime(text, rules)
    if (timeMs === undefined)
      this.#leftOut.noteUnreadable(line, this.#place.time, text, whyNotTime(text, rules))
    return timeMs
  }

  #cpu({ fields, line }: Row): string | undefined {
    const { index, rules } = this.#layout.cpu
    const text = fields[index]
    const cpu = readCpu(text ?? '', rules)
    if (cpu === undefined)
      this.#leftOut.noteUnreadable(
        line,
        this.#place.cpu,
        text ?? '',
        text === undefined ? 'is missing' : 'is not a number',
      )
    return cpu
  }
}

/** A header that is repeated has the same names, but for the time in that of mpstat. */
const keyOf = (names: readonly string[]): string =>
  names.map((name) => (/^\d+$/.test(name) ? '' : name)).join('\n')

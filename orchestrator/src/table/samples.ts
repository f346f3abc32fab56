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
    const { firstLine, names } = this.#layout.head
    if (row.line < firstLine || (row.line === firstLine && names)) return undefined
    const sample = this.#isHere ? this.#sample(row) : undefined
    if (!sample) this.#leaveOut(row)
    return sample
  }

  #sample({ fields, line }: Row): TableSample | undefined {
    const { time, cpu, series } = this.#layout
    if (cpu.core && !isTotal(fields[cpu.core.index] ?? '')) return undefined
    const value = readCpu(fields[cpu.index] ?? '', cpu.rules)
    const timeMs = value === undefined ? undefined : readTime(timeText(fields, time.indices), time.rules)
    if (value === undefined || timeMs === undefined) return undefined
    return { timeMs, cpu: value, series: series && (fields[series.index] ?? ''), line }
  }

  #leaveOut(row: Row): void {
    const reason = this.#reasonOf(row.fields)
    if (reason) this.#leftOut.note(reason)
    else this.#noteUnreadable(row)
  }

  /** Undefined for a line that should be a sample. */
  #reasonOf(fields: readonly string[]): Parameters<LeftOut['note']>[0] | undefined {
    if (isHeader(fields) && namesColumns(fields)) {
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

  #noteUnreadable({ fields, line }: Row): void {
    const { time, cpu } = this.#layout
    const text = timeText(fields, time.indices)
    if (readTime(text, time.rules) === undefined)
      this.#leftOut.noteUnreadable(line, this.#place.time, text, whyNotTime(text, time.rules))
    else {
      const value = fields[cpu.index]
      const why = value === undefined ? 'is missing' : 'is not a number'
      this.#leftOut.noteUnreadable(line, this.#place.cpu, value ?? '', why)
    }
  }
}

/** A header that is repeated has the same names, but for the time in that of mpstat. */
const keyOf = (names: readonly string[]): string =>
  names.map((name) => (/^\d+$/.test(name) ? '' : name)).join('\n')

import { CliError } from '../errors.ts'
import { plural } from '../terminal/units.ts'
import { type Layout, recognize } from './layout.ts'
import { LeftOut } from './left-out.ts'
import type { TableOptions } from './options.ts'
import { describe } from './refuse.ts'
import { SEPARATOR_NAMES } from './rows.ts'
import type { SampleSource } from './sample-source.ts'
import { readSamples, type TableSample } from './samples.ts'

export type { TableOptions, TableSample }

/** A file of CPU values as people have them, whose columns were recognized. */
export interface Table {
  /** What was taken for what, and what is left out, in one line. */
  readonly remark: string
  readonly count: number
  /** No sample is newer than the one before it, as in an export of CloudWatch. */
  readonly isNewestFirst: boolean
  /** Undefined if no column says which series a sample belongs to. */
  readonly series: { readonly column: string; readonly count: number } | undefined
  /** Those of each part of the file together, in its order; can be read more than once. `through` passes its bytes on. */
  samples(
    through?: (chunks: AsyncIterable<Buffer>) => AsyncIterable<Buffer>,
  ): AsyncIterable<readonly TableSample[]>
}

const CANNOT_READ = 'cannot read samples from'
/** Columns are recognized by so much of a file. */
const HEAD_BYTES = 256 * 1024
/** More series than anyone counts by hand. */
const MOST_SERIES = 100_000

/**
 * Recognizes the columns of a file, and reads it once to its end.
 * @throws CliError USAGE that says why it cannot be read as samples, and what to do.
 */
export async function openTable(source: SampleSource, options: TableOptions = {}): Promise<Table> {
  try {
    const { bytes, isWhole } = await headOf(source)
    return await tableOf(source, await recognize(bytes, isWhole, options))
  } catch (error) {
    if (!(error instanceof CliError) || error.message.startsWith(CANNOT_READ)) throw error
    const { code, message, hint } = error
    throw new CliError(code, `${CANNOT_READ} ${source.name}: ${message}`, hint ? { hint } : {})
  }
}

async function headOf({ read }: SampleSource): Promise<{ bytes: Buffer; isWhole: boolean }> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of read()) {
    chunks.push(chunk)
    length += chunk.length
    if (length > HEAD_BYTES) return { bytes: Buffer.concat(chunks), isWhole: false }
  }
  return { bytes: Buffer.concat(chunks), isWhole: true }
}

async function tableOf(source: SampleSource, layout: Layout): Promise<Table> {
  const leftOut = new LeftOut()
  const tally = new Tally()
  for await (const some of readSamples(source.read(), layout, leftOut))
    for (const sample of some) tally.add(sample)
  // A later line of the file shows that the day is first, after all.
  if (layout.time.isOrderAssumed && leftOut.isDayFirst) return tableOf(source, dayFirst(layout))
  requireSamples(tally.count, leftOut)
  return {
    remark: `${source.name}: ${remarkOf(layout, tally, leftOut)}`,
    count: tally.count,
    isNewestFirst: tally.isNewestFirst,
    series: layout.series && { column: describe(layout.series), count: tally.series.size },
    samples: (through = unchanged) => readSamples(through(source.read()), layout, new LeftOut()),
  }
}

function dayFirst(layout: Layout): Layout {
  const { rules, remark } = layout.time
  return {
    ...layout,
    time: {
      ...layout.time,
      rules: { ...rules, isDayFirst: true },
      isOrderAssumed: false,
      remark: remark.replace('month first (assumed)', 'day first'),
    },
  }
}

const unchanged = (chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> => chunks

/** @throws CliError USAGE if most lines that should be samples are not. */
function requireSamples(count: number, leftOut: LeftOut): void {
  if (count > 0 && leftOut.unreadable <= count) return
  const hint =
    'Are these the right columns? --time, --cpu and --series take a name or a number, --from idle takes 100 minus the value.'
  const why = leftOut.first ?? `none of its lines is a sample: ${leftOut}`
  throw new CliError(
    'USAGE',
    leftOut.unreadable > 0 ? `${plural(leftOut.unreadable, 'line')} cannot be read: ${why}` : why,
    { hint },
  )
}

function remarkOf({ separator, time, cpu, series }: Layout, tally: Tally, leftOut: LeftOut): string {
  const without = String(leftOut)
  return [
    SEPARATOR_NAMES[separator],
    time.remark,
    cpu.core ? `${cpu.remark} of all cores (${describe(cpu.core)})` : cpu.remark,
    ...(series ? [`series = ${describe(series)}`] : []),
    `${plural(tally.count, 'sample')}${tally.isNewestFirst ? ', the newest first' : ''}`,
    ...(without === '' ? [] : [`left out: ${without}`]),
  ].join('; ')
}

class Tally {
  count = 0
  readonly series = new Set<string>()
  #lastMs = Number.POSITIVE_INFINITY
  #isFalling = true
  #hasFallen = false

  add({ timeMs, series }: TableSample): void {
    this.count += 1
    if (series !== undefined && this.series.size < MOST_SERIES) this.series.add(series)
    if (timeMs > this.#lastMs) this.#isFalling = false
    else if (timeMs < this.#lastMs && this.count > 1) this.#hasFallen = true
    this.#lastMs = timeMs
  }

  get isNewestFirst(): boolean {
    return this.#isFalling && this.#hasFallen
  }
}

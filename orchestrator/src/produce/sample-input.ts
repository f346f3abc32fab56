import { CliError } from '../errors.ts'
import { untilAborted } from '../system/until-aborted.ts'
import { isOtherHeader } from '../table/names.ts'
import { openTable, type Table, type TableOptions } from '../table/open-table.ts'
import type { SampleSource } from '../table/sample-source.ts'
import { explainLine } from './explain-line.ts'
import { type Line, numbered } from './line.ts'
import { readHead, type StreamHead } from './read-head.ts'
import { isHeader, readSample } from './sample.ts'
import { splitLines } from './split-lines.ts'
import { tableLines } from './table-lines.ts'

/** Lines that can be looked at before they are sent. */
export interface SampleInput {
  readonly name: string
  /** False for a stream that has not ended yet: only its first lines are known. */
  readonly isComplete: boolean
  /** What the lines were made of; undefined if they are lines of time_millis,cpu as they are. */
  readonly table: Table | undefined
  /** The lines that are known already; can be read more than once. */
  known(): AsyncIterable<readonly Line[]>
  /** All lines, once. */
  all(): AsyncIterable<readonly Line[]>
}

/** What of a stream is read before anything is sent: its first moments, all that is there now, or all of it. */
export type Foresight = 'moments' | 'present' | 'whole'

/** How an input is read. */
export interface InputOptions {
  readonly foresight: Foresight
  /** Any of them makes a table of an input, even of lines time_millis,cpu. */
  readonly columns: TableOptions
  /** Do the series of a table become the keys of its records? */
  readonly isKeyed: boolean
  /** Take what is no table for lines time_millis,cpu, of which none is a sample. */
  readonly anyway: boolean
  readonly countBytes: (chunks: AsyncIterable<Buffer>) => AsyncIterable<Buffer>
  readonly warn: (line: string) => void
  readonly signal: AbortSignal
}

const MOMENTS = { withinMs: 250, longMs: 2_000, maxBytes: 8_000_000 }
/** What is kept in memory takes about ten times as much there. */
const KEPT_BYTES = 100_000_000
/** A pipe that pauses for so long has delivered what was there. */
const PRESENT = {
  idleMs: 1_000,
  longMs: 5_000,
  maxBytes: KEPT_BYTES,
  whyWhole: '--now needs its newest sample, and more than 100 MB arrived without a pause',
}
const WHOLE = {
  longMs: 5_000,
  maxBytes: KEPT_BYTES,
  whyWhole: '--sort keeps it in memory, and it has more than 100 MB',
}
/** What an input waits for that goes on for seconds. */
const WAITS: Readonly<Record<Foresight, string>> = {
  moments: 'Nothing has been sent yet',
  present:
    '--now waits for the newest sample, which is known at the end or at a pause of a second; with --rate, each sample gets the time at which it is sent',
  whole: '--sort waits for the end of the input',
}
const LIMITS = { moments: MOMENTS, present: PRESENT, whole: WHOLE }
/** So much of a file without a single line time_millis,cpu is a table. */
const HEAD_BYTES = 256 * 1024

/**
 * Opens an input: lines of time_millis,cpu as they are, or a table, whose samples become such lines.
 * @throws CliError USAGE for bytes that are neither, and for a stream that is too long for this foresight.
 */
export function openInput(source: SampleSource, options: InputOptions): Promise<SampleInput> {
  return source.size === undefined ? openStream(source, options) : openFile(source, options)
}

async function openFile(source: SampleSource, options: InputOptions): Promise<SampleInput> {
  if (!(await hasPlainLine(source, options.columns))) {
    const input = await openAsTable(source, options)
    if (input) return input
  }
  if (options.foresight === 'whole')
    requireSortable(source, 'Sort it first: sort -n -t, -k1,1 FILE | cpu-anomaly produce -')
  return {
    name: source.name,
    isComplete: true,
    table: undefined,
    known: () => untilAborted(numbered(linesOf(source.read())), options.signal),
    all: () => numbered(linesOf(options.countBytes(source.read()))),
  }
}

/** Undefined if it is no table, and is to be sent all the same. */
async function openAsTable(
  source: SampleSource,
  { columns, isKeyed, anyway, countBytes, foresight, signal }: InputOptions,
): Promise<SampleInput | undefined> {
  try {
    const table = await openTable({ ...source, read: () => untilAborted(source.read(), signal) }, columns)
    if (foresight === 'whole' || table.isNewestFirst)
      requireSortable(source, 'Put its lines in the order of their times first.')
    return {
      name: source.name,
      isComplete: true,
      table,
      known: () => tableLines(table, isKeyed),
      all: () => tableLines(table, isKeyed, countBytes),
    }
  } catch (error) {
    if (error instanceof CliError && anyway && !isTold(columns)) return undefined
    throw error
  }
}

/** @throws CliError USAGE for a file that is too long to be kept in memory. */
function requireSortable({ name, size = 0 }: SampleSource, hint: string): void {
  if (size <= KEPT_BYTES) return
  throw new CliError('USAGE', `${name} is too long: ${WHOLE.whyWhole}`, { hint })
}

/** Is one of a file's first lines time_millis,cpu? Then it is no table. */
async function hasPlainLine({ read }: SampleSource, columns: TableOptions): Promise<boolean> {
  const isPlain = plainTest(columns)
  let bytes = 0
  for await (const lines of linesOf(read())) {
    if (isPlain(lines)) return true
    bytes += lines.reduce((sum, { length }) => sum + length + 1, 0)
    if (bytes > HEAD_BYTES) return false
  }
  return false
}

/** Looks at lines as they come: is one of them time_millis,cpu? Not if the header says otherwise. */
function plainTest(columns: TableOptions): (lines: readonly Buffer[]) => boolean {
  let first: Buffer | undefined
  return (lines) => {
    first ??= lines[0]
    return !isTold(columns) && !isOtherHeader(String(first ?? '')) && hasSample(lines)
  }
}

/** Has a person said anything about the columns? */
const isTold = (columns: TableOptions): boolean => Object.values(columns).some((value) => value !== undefined)

async function openStream(source: SampleSource, options: InputOptions): Promise<SampleInput> {
  const { foresight, columns, warn, signal } = options
  const { name } = source
  const isPlain = plainTest(columns)
  let hasPlain = false
  const stream = untilAborted(linesOf(source.read()), signal)
  const { head, isComplete, all } = await readHead(stream, {
    ...LIMITS[foresight],
    isEnough: (lines) => {
      hasPlain ||= isPlain(lines)
      return hasPlain
    },
    onLong: (lines, elapsedMs) => {
      if (foresight === 'present' && hasPlain && isLive(lines, elapsedMs)) return true
      warn(hasPlain ? WAITS[foresight] : noSampleYet(name, lines))
      return false
    },
  })
  if (!hasPlain) {
    const whole = await keep(name, all)
    const input = await openAsTable(whole, options)
    if (input) return input
    return openFile(whole, { ...options, columns: {}, countBytes: (chunks) => chunks })
  }
  const known = async function* () {
    yield* numbered(once(head))
  }
  return { name, isComplete, table: undefined, known, all: () => numbered(all) }
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value
}

/**
 * All of a stream, to be read more than once.
 * @throws CliError USAGE if it is too long for that.
 */
async function keep(name: string, lines: StreamHead['all']): Promise<SampleSource> {
  const kept: Buffer[] = []
  let size = 0
  for await (const some of lines) {
    for (const line of some) kept.push(line, NEWLINE)
    size += some.reduce((sum, { length }) => sum + length + 1, 0)
    if (size > KEPT_BYTES)
      throw new CliError(
        'USAGE',
        `${name} has no line time_millis,cpu in 100 MB, and is too long for a table`,
        {
          hint: 'Write it to a file first, and send that.',
        },
      )
  }
  return { name, size, read: () => once(Buffer.concat(kept)) }
}

const NEWLINE = Buffer.from('\n')

const hasSample = (lines: readonly Buffer[]): boolean =>
  lines.some((line) => readSample(line.toString('latin1')) !== undefined)

/** The samples are taken about as fast as they arrive: a feed that need not pause, and not a file. */
function isLive(lines: readonly Buffer[], elapsedMs: number): boolean {
  const times = lines.flatMap((line) => readSample(line.toString('latin1'))?.timeMs ?? [])
  const [first, last] = [times[0], times.at(-1)]
  return first !== undefined && last !== undefined && Math.abs(last - first) <= 2 * elapsedMs
}

function noSampleYet(name: string, lines: readonly Buffer[]): string {
  const [first, ...rest] = lines.map((line) => line.toString('utf8'))
  const isHeaded = first !== undefined && isHeader(first)
  const line = isHeaded ? rest[0] : first
  const why = line === undefined ? 'only a header' : explainLine(isHeaded ? 2 : 1, line)
  return `${name} has no sample yet: ${why}. Nothing is sent before its first line time_millis,cpu; a table of another form is sent when it has ended`
}

const MARK = Buffer.from('\ufeff')

/** The lines of a file without the byte order mark that some editors write first. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly Buffer[]> {
  let isFirst = true
  for await (const some of splitLines(chunks)) {
    const [first, ...rest] = isFirst ? some : []
    isFirst = false
    yield first?.subarray(0, MARK.length).equals(MARK) ? [first.subarray(MARK.length), ...rest] : some
  }
}

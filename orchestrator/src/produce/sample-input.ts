import { CliError } from '../errors.ts'
import { untilAborted } from '../system/until-aborted.ts'
import type { SampleSource } from '../table/sample-source.ts'
import { explainLine } from './explain-line.ts'
import { readHead } from './read-head.ts'
import { isHeader, readSample } from './sample.ts'
import { splitLines } from './split-lines.ts'

/** Lines that can be looked at before they are sent. */
export interface SampleInput {
  readonly name: string
  /** False for a stream that has not ended yet: only its first lines are known. */
  readonly isComplete: boolean
  /** The lines that are known already; can be read more than once. */
  known(): AsyncIterable<readonly Buffer[]>
  /** All lines, once. */
  all(): AsyncIterable<readonly Buffer[]>
}

/** What of a stream is read before anything is sent: its first moments, all that is there now, or all of it. */
export type Foresight = 'moments' | 'present' | 'whole'

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

/** @throws CliError USAGE for bytes that are not CSV, and for a stream that is too long for this foresight. */
export async function openInput(
  source: SampleSource,
  foresight: Foresight,
  countBytes: (chunks: AsyncIterable<Buffer>) => AsyncIterable<Buffer>,
  warn: (line: string) => void,
  signal: AbortSignal,
): Promise<SampleInput> {
  const { name } = source
  const lines = (chunks: AsyncIterable<Buffer>) => withoutMark(splitLines(chunks))
  if (source.size !== undefined && foresight === 'whole' && source.size > KEPT_BYTES)
    throw new CliError('USAGE', `${name} is too long: ${WHOLE.whyWhole}`, {
      hint: `Sort it first: sort -n -t, -k1,1 FILE | cpu-anomaly produce -`,
    })
  if (source.size !== undefined)
    return {
      name,
      isComplete: true,
      known: () => untilAborted(lines(source.read()), signal),
      all: () => lines(countBytes(source.read())),
    }
  const stream = untilAborted(lines(source.read()), signal)
  const { head, isComplete, all } = await readHead(stream, {
    ...LIMITS[foresight],
    isEnough: hasSample,
    onLong: (lines, elapsedMs) => {
      if (foresight === 'present' && isLive(lines, elapsedMs)) return true
      warn(hasSample(lines) ? WAITS[foresight] : noSampleYet(name, lines))
      return false
    },
  })
  const known = async function* () {
    yield head
  }
  return { name, isComplete, known, all: () => all }
}

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
  return `${name} has no sample yet: ${why}. Nothing is sent before its first sample`
}

const MARK = Buffer.from('\ufeff')

/** Without the byte order mark that some editors write first. */
async function* withoutMark(lines: AsyncIterable<readonly Buffer[]>): AsyncGenerator<readonly Buffer[]> {
  let isFirst = true
  for await (const some of lines) {
    const [first, ...rest] = isFirst ? some : []
    isFirst = false
    yield first?.subarray(0, MARK.length).equals(MARK) ? [first.subarray(MARK.length), ...rest] : some
  }
}

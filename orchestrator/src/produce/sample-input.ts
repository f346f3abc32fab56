import { CliError } from '../errors.ts'
import { untilAborted } from '../system/until-aborted.ts'
import { readHead } from './read-head.ts'
import { readSample } from './sample.ts'
import type { SampleSource } from './sample-source.ts'
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

const MOMENTS = { withinMs: 250, maxBytes: 8_000_000 }
/** What is kept in memory takes about ten times as much there. */
const KEPT_BYTES = 100_000_000
/** A pipe that pauses for so long has delivered what was there. */
const PRESENT = {
  idleMs: 1_000,
  maxBytes: KEPT_BYTES,
  whyWhole: '--now needs its newest sample, and more than 100 MB arrived without a pause',
}
const WHOLE = { maxBytes: KEPT_BYTES, whyWhole: '--sort keeps it in memory, and it has more than 100 MB' }
const LIMITS = { moments: MOMENTS, present: PRESENT, whole: WHOLE }

/** @throws CliError USAGE for bytes that are not CSV, and for a stream that is too long for this foresight. */
export async function openInput(
  source: SampleSource,
  foresight: Foresight,
  countBytes: (chunks: AsyncIterable<Buffer>) => AsyncIterable<Buffer>,
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
  const { head, isComplete, all } = await readHead(stream, { ...LIMITS[foresight], isEnough: hasSample })
  const known = async function* () {
    yield head
  }
  return { name, isComplete, known, all: () => all }
}

const hasSample = (lines: readonly Buffer[]): boolean =>
  lines.some((line) => readSample(line.toString('latin1')) !== undefined)

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

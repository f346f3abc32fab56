import { hostname } from 'node:os'
import type { CommandContext, CommandRun } from '../cli/command.ts'
import { CliError } from '../errors.ts'
import { LIVE_RATE, liveSamples } from '../produce/live-samples.ts'
import { pace } from '../produce/pace.ts'
import { countText, type ProduceResult, produceSamples } from '../produce/produce-samples.ts'
import { ProduceProgress } from '../produce/progress.ts'
import { emptyReport, type InputReport, toRecordValues } from '../produce/record-values.ts'
import { newestTime, type Restamp, shiftNewestTo } from '../produce/restamp.ts'
import { fileSource, type SampleSource, streamSource } from '../produce/sample-source.ts'
import { splitLines } from '../produce/split-lines.ts'
import { requireOwnBroker } from '../stack/require-broker.ts'
import { escapeControls } from '../terminal/text.ts'

interface Flags {
  readonly live?: boolean
  readonly rate?: number
  readonly now?: boolean
  readonly key?: string
  readonly seconds?: number
  readonly batch?: number
  readonly json?: boolean
}

export const run: CommandRun<Flags> = async (context, args, flags) => {
  checkUsage(args[0], flags)
  const source = args[0] === undefined ? undefined : await openSource(args[0], context)
  const { runtime, config } = await context.select()
  await requireOwnBroker(runtime)
  const input = emptyReport()
  const batch = flags.batch ?? 1
  const progress = new ProduceProgress(source?.size, batch)
  const values = source
    ? await sourceValues(source, flags, input, progress, context.signal)
    : liveSamples({ rate: flags.rate ?? LIVE_RATE, seconds: flags.seconds, signal: context.signal })
  try {
    const produced = await produceSamples(runtime.kafka, config.topics.input, values, {
      key: flags.key ?? hostname(),
      batch,
      signal: context.signal,
      onAcknowledged: (samples, records) => progress.acknowledged(samples, records),
    })
    progress.end()
    report(context, config.topics.input, produced, input, flags)
  } finally {
    progress.end()
  }
}

/** @throws CliError USAGE when there is nothing to send, or when flags contradict each other. */
function checkUsage(file: string | undefined, { live, now, seconds }: Flags): void {
  const problem =
    file === undefined && !live
      ? 'produce needs a file, - or --live'
      : file !== undefined && live
        ? '--live and a file contradict each other'
        : live && now
          ? '--now works only with a file or -: live samples have the present time already'
          : seconds !== undefined && !live
            ? '--seconds works only with --live'
            : undefined
  if (problem)
    throw new CliError('USAGE', problem, {
      hint: "Use a CSV file, - for standard input, or --live for this machine's own CPU.",
    })
}

async function openSource(file: string, { output }: CommandContext): Promise<SampleSource> {
  if (file !== '-') return fileSource(file)
  if (process.stdin.isTTY) output.note('Type samples as time_millis,cpu, one per line; end with Ctrl-D.')
  return streamSource('standard input', process.stdin)
}

async function sourceValues(
  source: SampleSource,
  { now, rate }: Flags,
  input: InputReport,
  progress: ProduceProgress,
  signal: AbortSignal,
): Promise<AsyncIterable<readonly Buffer[]>> {
  const restamp = now ? await restampToNow(source, rate) : undefined
  const lines = splitLines(progress.countBytes(source.read()))
  return toRecordValues(rate === undefined ? lines : pace(lines, rate, signal), input, restamp)
}

/**
 * How `--now` restamps. In a file that is sent as fast as possible, all samples shift by the same span, so that the
 * newest one gets the present time. With --rate or from a pipe, each sample gets the time at which it is sent.
 */
async function restampToNow(source: SampleSource, rate: number | undefined): Promise<Restamp | undefined> {
  if (rate !== undefined || source.size === undefined) return () => Date.now()
  const newest = await newestTime(splitLines(source.read()))
  return newest === undefined ? undefined : shiftNewestTo(newest, Date.now())
}

function report(
  { output }: CommandContext,
  topic: string,
  produced: ProduceResult,
  { header, malformedLines, firstMalformed = '' }: InputReport,
  { batch, json }: Flags,
): void {
  const { samples, records, seconds } = produced
  const samplesPerSecond = seconds > 0 ? Math.round(samples / seconds) : 0
  if (header !== undefined) output.note(`The header was not sent: ${clipped(header)}`)
  if (malformedLines > 0) {
    const lines = malformedLines === 1 ? '1 line' : `${malformedLines} lines`
    output.warn(
      `${lines} not in the form time_millis,cpu, sent unchanged; the first: ${clipped(firstMalformed)}`,
    )
  }
  if (json)
    output.json({
      acknowledged: samples,
      records,
      samples_per_s: samplesPerSecond,
      header: header !== undefined,
      unlike_samples: malformedLines,
    })
  else
    output.result(
      `${countText(produced, batch)} sent to ${topic} and acknowledged in ${seconds.toFixed(1)} s (${samplesPerSecond} samples/s)`,
    )
}

const clipped = (line: string): string =>
  JSON.stringify(escapeControls(line.length > 60 ? `${line.slice(0, 60)}…` : line))

import { hostname } from 'node:os'
import type { CommandContext, CommandRun } from '../cli/command.ts'
import { CliError } from '../errors.ts'
import { splitLines } from '../produce/lines.ts'
import { LIVE_RATE, liveSamples } from '../produce/live.ts'
import { paced } from '../produce/pace.ts'
import { type Noticed, newestTime, nothingNoticed, toValues } from '../produce/prepare.ts'
import { ProduceProgress } from '../produce/progress.ts'
import { type Stamp, shiftedTo } from '../produce/sample.ts'
import { countText, type Produced, produceSamples } from '../produce/send.ts'
import { fileSource, type Source, streamSource } from '../produce/source.ts'
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
  const source = args[0] === undefined ? undefined : await sourceOf(args[0], context)
  const { runtime, config } = await context.select()
  const noticed = nothingNoticed()
  const batch = flags.batch ?? 1
  const progress = new ProduceProgress(source?.size, batch)
  const values = source
    ? await valuesOf(source, flags, noticed, progress, context.signal)
    : liveSamples({ rate: flags.rate ?? LIVE_RATE, seconds: flags.seconds, signal: context.signal })
  try {
    const produced = await produceSamples(runtime.kafka, config.topics.input, values, {
      key: flags.key ?? hostname(),
      batch,
      signal: context.signal,
      onAcknowledged: (samples, records) => progress.acknowledged(samples, records),
    })
    progress.end()
    report(context, config.topics.input, produced, noticed, flags)
  } finally {
    progress.end()
  }
}

function checkUsage(file: string | undefined, { live, now, seconds }: Flags): void {
  const problem =
    file === undefined && !live
      ? 'produce needs to know what to send'
      : file !== undefined && live
        ? '--live and a file contradict each other'
        : live && now
          ? '--live samples are of the present already: --now is for files'
          : seconds !== undefined && !live
            ? '--seconds goes with --live'
            : undefined
  if (problem)
    throw new CliError('USAGE', problem, {
      hint: "Give a CSV file, - for standard input, or --live for this machine's own CPU.",
    })
}

async function sourceOf(file: string, { output }: CommandContext): Promise<Source> {
  if (file !== '-') return fileSource(file)
  if (process.stdin.isTTY) output.note('Type samples as time_millis,cpu, one a line; Ctrl-D ends.')
  return streamSource('standard input', process.stdin)
}

async function valuesOf(
  source: Source,
  { now, rate }: Flags,
  noticed: Noticed,
  progress: ProduceProgress,
  signal: AbortSignal,
): Promise<AsyncIterable<readonly Buffer[]>> {
  const stamp = now ? await stampOf(source, rate) : undefined
  const lines = splitLines(progress.counted(source.read()))
  return toValues(rate === undefined ? lines : paced(lines, rate, signal), noticed, stamp)
}

/**
 * How `--now` re-stamps. A file that is sent as fast as possible: all samples by the same span, so that the newest
 * one is at the present. What is paced, or comes from a pipe: each gets the time at which it is sent.
 */
async function stampOf(source: Source, rate: number | undefined): Promise<Stamp | undefined> {
  if (rate !== undefined || source.size === undefined) return () => Date.now()
  const newest = await newestTime(splitLines(source.read()))
  return newest === undefined ? undefined : shiftedTo(newest, Date.now())
}

function report(
  { output }: CommandContext,
  topic: string,
  produced: Produced,
  noticed: Noticed,
  { batch, json }: Flags,
): void {
  const { samples, records, seconds } = produced
  const rowsPerSecond = seconds > 0 ? Math.round(samples / seconds) : 0
  if (noticed.header !== undefined) output.note(`The header was not sent: ${clipped(noticed.header)}`)
  if (noticed.unlikeSamples > 0)
    output.warn(
      `${noticed.unlikeSamples} of the lines do not look like time_millis,cpu and were sent as they are; the first: ${clipped(noticed.firstUnlike ?? '')}`,
    )
  if (json)
    output.json({
      acknowledged: samples,
      records,
      rows_per_s: rowsPerSecond,
      header: noticed.header !== undefined,
      unlike_samples: noticed.unlikeSamples,
    })
  else
    output.result(
      `${countText(produced, batch)} acknowledged by ${topic} in ${seconds.toFixed(1)} s (${rowsPerSecond} rows/s)`,
    )
}

const clipped = (line: string): string =>
  JSON.stringify(escapeControls(line.length > 60 ? `${line.slice(0, 60)}…` : line))

import { hostname } from 'node:os'
import type { CommandContext, CommandRun } from '../cli/command.ts'
import type { Config } from '../config/config.ts'
import { unusedFlags } from '../config/unused-settings.ts'
import { CliError } from '../errors.ts'
import { ClockWatch, clockFindings } from '../produce/clock.ts'
import type { Finding } from '../produce/findings.ts'
import type { RecordLine } from '../produce/line.ts'
import { liveFindings } from '../produce/live-findings.ts'
import { LIVE_RATE, liveSamples } from '../produce/live-samples.ts'
import { pace } from '../produce/pace.ts'
import { type Prepared, prepare, type SendOptions } from '../produce/prepare.ts'
import {
  type Counting,
  countText,
  type ProduceResult,
  produceSamples,
  unacknowledgedText,
} from '../produce/produce-samples.ts'
import { ProduceProgress } from '../produce/progress.ts'
import type { Given } from '../produce/prospects.ts'
import { rawLines } from '../produce/raw-lines.ts'
import { openInput, type SampleInput } from '../produce/sample-input.ts'
import { isInputRead } from '../query/watermark.ts'
import type { Selected } from '../runtime/places.ts'
import { requireOwnBroker } from '../stack/require-broker.ts'
import { fileSource, type SampleSource, streamSource } from '../table/sample-source.ts'
import { circumstancesOf } from './produce-circumstances.ts'
import { checkUsage, columnFlags, type ProduceFlags, requireOneFile } from './produce-flags.ts'
import { openAccounts, reportOutcome, settle } from './produce-wait.ts'
import { FeedWatch } from './produce-watch.ts'

export const run: CommandRun<ProduceFlags> = async (context, args, flags) => {
  requireOneFile(args)
  checkUsage(args[0], flags)
  const source = args[0] === undefined ? undefined : await openSource(args[0], context)
  const selected = await context.select('INPUT_TOPIC')
  for (const line of unusedFlags(selected.config.resolved, 'produce')) context.output.warn(line)
  await requireOwnBroker(selected.runtime)
  await checkJob(selected, flags)
  const progress = new ProduceProgress(source?.size, countOf(flags))
  try {
    const opened = flags.raw
      ? undefined
      : source && (await openSamples(source, selected, flags, progress, context))
    // Only now: an input may have kept us waiting for minutes.
    const isRead = await checkJob(selected, flags)
    const circumstances = await circumstancesOf(selected, context.signal)
    const input = opened && (await prepare(opened, sendOptions(selected, flags, context), circumstances))
    sayFirst(
      context,
      input?.findings ?? (flags.live ? liveFindings(Date.now(), flags.seconds, circumstances) : []),
      flags,
    )
    const accounts = flags.wait ? await openAccounts(selected, context.signal) : undefined
    const watch = new FeedWatch(selected, isRead, circumstances, context.output)
    const values = valuesOf(source, input, flags, progress, context)
    const produced = await send(context, selected, values, input, circumstances, watch, flags, progress)
    progress.end()
    reportSent(context, selected, produced, input, flags)
    await watch.end(produced.ranges, accounts !== undefined && !context.signal.aborted)
    if (accounts && !context.signal.aborted) {
      const outcome = await settle(context, selected, produced, accounts)
      reportOutcome(context.output, selected.config, outcome, flags.json)
    }
  } finally {
    progress.end()
  }
}

async function openSource(file: string, { output }: CommandContext): Promise<SampleSource> {
  if (file !== '-') return fileSource(file)
  if (process.stdin.isTTY) output.note('Type samples as time_millis,cpu, one per line; end with Ctrl-D.')
  return streamSource('standard input', process.stdin)
}

/**
 * True if a job reads the topic.
 * @throws CliError USAGE for a key that makes every sample a dead letter; NOT_STARTED for --wait without a job.
 */
async function checkJob({ runtime, config }: Selected, flags: ProduceFlags): Promise<boolean> {
  const { key = '', wait } = flags
  requireCsv(config, flags)
  if (config.detector.groupBy === 'key' && Buffer.byteLength(key) > 1_024)
    throw new CliError(
      'USAGE',
      '--key has more than 1 KiB: with GROUP_BY=key, all samples would be dead letters',
    )
  const isRead = await isInputRead(runtime, config)
  if (wait && !isRead)
    throw new CliError('NOT_STARTED', `no job reads ${config.topics.input}, so --wait would never end`, {
      hint: 'Start it with `cpu-anomaly submit`, or send without --wait.',
    })
  return isRead
}

/** @throws CliError USAGE when the records of the topic are to be of another format than those that are sent here. */
function requireCsv({ input, topics }: Config, { anyway, raw }: ProduceFlags): void {
  if (anyway || raw || input.format === 'csv' || input.format === 'auto') return
  throw new CliError(
    'USAGE',
    `produce sends csv to ${topics.input}, which is read as ${input.format} (INPUT_FORMAT): all of it would be dead letters`,
    {
      hint: 'Send records of that format, one per line, with --raw; or use a folder of its own with INPUT_FORMAT=csv.',
    },
  )
}
/** Does the series of each sample become the key of its record? */
const isKeyed = ({ config }: Selected, { series, key }: ProduceFlags): boolean =>
  series !== undefined || (config.detector.groupBy === 'key' && key === undefined)

function openSamples(
  source: SampleSource,
  selected: Selected,
  flags: ProduceFlags,
  progress: ProduceProgress,
  { output, signal }: CommandContext,
): Promise<SampleInput> {
  const { rate, now, sort, anyway = false } = flags
  return openInput(source, {
    foresight: sort ? 'whole' : now && rate === undefined ? 'present' : 'moments',
    columns: columnFlags(flags),
    isKeyed: isKeyed(selected, flags),
    anyway,
    countBytes: (chunks) => progress.countBytes(chunks),
    warn: output.warn,
    signal,
  })
}

const sendOptions = (selected: Selected, flags: ProduceFlags, { signal }: CommandContext): SendOptions => ({
  ...flags,
  isKeyed: isKeyed(selected, flags),
  isGrouped: selected.config.detector.groupBy === 'key',
  signal,
})

/** What is counted, and how many of it may be in a record. */
const countOf = ({ raw, batch }: ProduceFlags): Counting => ({
  noun: raw ? 'line' : 'sample',
  batch: batch ?? 1,
})

/** @throws CliError USAGE for what stands against sending, unless it is sent anyway. */
function sayFirst({ output }: CommandContext, findings: readonly Finding[], { anyway }: ProduceFlags): void {
  for (const { kind, message, hint } of findings) {
    if (kind === 'refuse' && !anyway) throw new CliError('USAGE', message, hint ? { hint } : {})
    if (kind === 'note') output.note(message)
    else output.warn(hint && !anyway ? `${message}\n${hint}` : message)
  }
}

/** What is sent: the samples of a file, lines as they are, or this machine's own samples. */
function valuesOf(
  source: SampleSource | undefined,
  input: Prepared | undefined,
  { rate, seconds }: ProduceFlags,
  progress: ProduceProgress,
  { output, signal }: CommandContext,
): AsyncIterable<readonly RecordLine[]> {
  if (input) return input.values(output.warn)
  if (!source) return liveSamples({ rate: rate ?? LIVE_RATE, seconds, signal })
  const lines = rawLines(progress.countBytes(source.read()))
  return rate === undefined ? lines : pace(lines, rate, signal)
}

function send(
  { output, signal }: CommandContext,
  { runtime, config }: Selected,
  values: AsyncIterable<readonly RecordLine[]>,
  input: Prepared | undefined,
  { maxFutureSkewMs, batchMs, clockBehindMs }: Given,
  watch: FeedWatch,
  flags: ProduceFlags,
  progress: ProduceProgress,
): Promise<ProduceResult> {
  const { key = hostname() } = flags
  const isStampedHere = flags.live === true || flags.now === true
  const clock = new ClockWatch({
    knownAheadMs: -clockBehindMs,
    isSentAnyway: flags.anyway === true,
    judge: (aheadMs) => {
      if (isStampedHere) return clockFindings(aheadMs, maxFutureSkewMs + batchMs)
      return input ? input.byBrokerClock(aheadMs) : []
    },
    warn: output.warn,
  })
  return produceSamples(runtime.kafka, config.topics.input, watch.during(values), {
    key,
    counting: countOf(flags),
    signal,
    onAcknowledged: (samples, records) => progress.acknowledged(samples, records),
    onClock: clock.see,
  })
}

function reportSent(
  { output }: CommandContext,
  { config }: Selected,
  produced: ProduceResult,
  input: Prepared | undefined,
  flags: ProduceFlags,
): void {
  const counting = countOf(flags)
  const { samples, records, seconds } = produced
  const samplesPerSecond = seconds > 0 ? Math.round(samples / seconds) : 0
  const later = input?.summary()
  if (later) output.warn(later)
  if (flags.json)
    output.json({
      acknowledged: samples,
      records,
      unacknowledged: produced.unacknowledged,
      samples_per_s: samplesPerSecond,
      header: input?.survey.header !== undefined,
      unlike_samples: input?.unlike() ?? 0,
    })
  else
    output.result(
      `${countText(produced, counting)} sent to ${config.topics.input} and acknowledged in ${seconds.toFixed(1)} s (${samplesPerSecond} ${counting.noun}s/s)${unacknowledgedText(produced)}`,
    )
}

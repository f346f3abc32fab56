import { hostname } from 'node:os'
import type { CommandContext, CommandRun } from '../cli/command.ts'
import { unusedFlags } from '../config/unused-settings.ts'
import { CliError } from '../errors.ts'
import { ClockWatch, clockFindings } from '../produce/clock.ts'
import type { Finding } from '../produce/findings.ts'
import { liveFindings } from '../produce/live-findings.ts'
import { LIVE_RATE, liveSamples, MAX_LIVE_RATE } from '../produce/live-samples.ts'
import { type Prepared, prepare } from '../produce/prepare.ts'
import {
  countText,
  type ProduceResult,
  produceSamples,
  unacknowledgedText,
} from '../produce/produce-samples.ts'
import { ProduceProgress } from '../produce/progress.ts'
import type { Given } from '../produce/prospects.ts'
import { openInput, type SampleInput } from '../produce/sample-input.ts'
import { isInputRead } from '../query/watermark.ts'
import type { Selected } from '../runtime/runtime.ts'
import { requireOwnBroker } from '../stack/require-broker.ts'
import { fileSource, type SampleSource, streamSource } from '../table/sample-source.ts'
import { circumstancesOf } from './produce-circumstances.ts'
import { openAccounts, reportOutcome, settle } from './produce-wait.ts'
import { FeedWatch } from './produce-watch.ts'

interface Flags {
  readonly live?: boolean
  readonly rate?: number
  readonly now?: boolean
  readonly sort?: boolean
  readonly anyway?: boolean
  readonly wait?: boolean
  readonly key?: string
  readonly seconds?: number
  readonly batch?: number
  readonly json?: boolean
}

export const run: CommandRun<Flags> = async (context, args, flags) => {
  requireOneFile(args)
  checkUsage(args[0], flags)
  const source = args[0] === undefined ? undefined : await openSource(args[0], context)
  const selected = await context.select('INPUT_TOPIC')
  for (const line of unusedFlags(selected.config.resolved, 'produce')) context.output.warn(line)
  await requireOwnBroker(selected.runtime)
  await checkJob(selected, flags)
  const progress = new ProduceProgress(source?.size, flags.batch ?? 1)
  try {
    const opened = source && (await openSamples(source, flags, progress, context))
    // Only now: an input may have kept us waiting for minutes.
    const isRead = await checkJob(selected, flags)
    const circumstances = await circumstancesOf(selected, context.signal)
    const input = opened && (await prepare(opened, { ...flags, signal: context.signal }, circumstances))
    sayFirst(context, input?.findings ?? liveFindings(Date.now(), flags.seconds, circumstances), flags)
    const accounts = flags.wait ? await openAccounts(selected, context.signal) : undefined
    const watch = new FeedWatch(selected, isRead, circumstances, context.output)
    const produced = await send(context, selected, input, circumstances, watch, flags, progress)
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

/** @throws CliError USAGE for several files, whose samples may overlap in time. */
function requireOneFile({ length }: readonly string[]): void {
  if (length > 1)
    throw new CliError('USAGE', `produce takes one file, not ${length}`, {
      hint: 'Files of successive times: cat FILES | cpu-anomaly produce -; files that overlap in time: add --sort.',
    })
}

/** @throws CliError USAGE when there is nothing to send, or when flags contradict each other. */
function checkUsage(file: string | undefined, { live, now, seconds, sort, rate = 0 }: Flags): void {
  const problem =
    file === undefined && !live
      ? 'produce needs a file, - or --live'
      : file !== undefined && live
        ? '--live and a file contradict each other'
        : live && (now || sort)
          ? '--now and --sort work only with a file or -: live samples have the present time already'
          : seconds !== undefined && !live
            ? '--seconds works only with --live'
            : live && rate > MAX_LIVE_RATE
              ? `--live takes at most ${MAX_LIVE_RATE} samples per second, one per millisecond, not ${rate}`
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

/**
 * True if a job reads the topic.
 * @throws CliError USAGE for a key that makes every sample a dead letter; NOT_STARTED for --wait without a job.
 */
async function checkJob({ runtime, config }: Selected, { key = '', wait }: Flags): Promise<boolean> {
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

function openSamples(
  source: SampleSource,
  { rate, now, sort }: Flags,
  progress: ProduceProgress,
  { output, signal }: CommandContext,
): Promise<SampleInput> {
  const foresight = sort ? 'whole' : now && rate === undefined ? 'present' : 'moments'
  return openInput(source, foresight, (chunks) => progress.countBytes(chunks), output.warn, signal)
}

/** @throws CliError USAGE for what stands against sending, unless it is sent anyway. */
function sayFirst({ output }: CommandContext, findings: readonly Finding[], { anyway }: Flags): void {
  for (const { kind, message, hint } of findings) {
    if (kind === 'refuse' && !anyway) throw new CliError('USAGE', message, hint ? { hint } : {})
    if (kind === 'note') output.note(message)
    else output.warn(hint && !anyway ? `${message}\n${hint}` : message)
  }
}

function send(
  { output, signal }: CommandContext,
  { runtime, config }: Selected,
  input: Prepared | undefined,
  { maxFutureSkewMs, batchMs, clockBehindMs }: Given,
  watch: FeedWatch,
  flags: Flags,
  progress: ProduceProgress,
): Promise<ProduceResult> {
  const { rate = LIVE_RATE, seconds, key = hostname(), batch = 1 } = flags
  const values = input ? input.values(output.warn) : liveSamples({ rate, seconds, signal })
  const isStampedHere = input === undefined || flags.now === true
  const clock = new ClockWatch({
    knownAheadMs: -clockBehindMs,
    isSentAnyway: flags.anyway === true,
    judge: (aheadMs) =>
      input && !isStampedHere
        ? input.byBrokerClock(aheadMs)
        : clockFindings(aheadMs, maxFutureSkewMs + batchMs),
    warn: output.warn,
  })
  return produceSamples(runtime.kafka, config.topics.input, watch.during(values), {
    key,
    batch,
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
  { batch, json }: Flags,
): void {
  const { samples, records, seconds } = produced
  const samplesPerSecond = seconds > 0 ? Math.round(samples / seconds) : 0
  const later = input?.summary()
  if (later) output.warn(later)
  if (json)
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
      `${countText(produced, batch)} sent to ${config.topics.input} and acknowledged in ${seconds.toFixed(1)} s (${samplesPerSecond} samples/s)${unacknowledgedText(produced)}`,
    )
}

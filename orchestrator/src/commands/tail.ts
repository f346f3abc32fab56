import { FinalWindows } from '../anomaly/final-windows.ts'
import type { CommandContext, CommandRun } from '../cli/command.ts'
import { unusedFlags } from '../config/unused-settings.ts'
import { CliError } from '../errors.ts'
import { followTopic } from '../kafka/follow-topic.ts'
import { type Position, parsePosition } from '../kafka/position.ts'
import type { TopicRecord } from '../kafka/topic-reader.ts'
import { batchMs } from '../query/submitted.ts'
import type { Selected } from '../runtime/places.ts'
import { requireOwnBroker } from '../stack/require-broker.ts'
import { followResults } from '../tail/follow-results.ts'
import { Printer } from '../tail/printer.ts'
import { formatRawRecord, rawRecordJson } from '../tail/raw-record.ts'
import { ResultFeed } from '../tail/result-feed.ts'
import { selectStatuses } from '../tail/status-flags.ts'
import { untilReaderGone } from '../terminal/closed-pipe.ts'
import { jsonLine } from '../terminal/text.ts'

interface Flags {
  readonly json?: boolean
  readonly from?: string
  readonly limit?: number
  readonly final?: boolean
  readonly all?: boolean
  readonly status?: string
}

export const run: CommandRun<Flags> = async (context, args, flags) => {
  const from = parsePosition(flags.from ?? 'latest')
  const { output } = context
  const signal = untilReaderGone(context.signal)
  const statuses = selectStatuses(flags)
  const selected = await context.select('OUTPUT_TOPIC')
  sayUnused(selected, flags, output.warn)
  const topic = args[0] ?? selected.config.topics.output
  const isResults = topic === selected.config.topics.output
  if (!isResults) refuseResultFlags(flags, selected.config.topics.output)
  await requireOwnBroker(selected.runtime)
  if (!isResults) return tailRaw({ ...context, signal }, selected, topic, from, flags)
  const asJson = flags.json === true || !output.isTerminal
  const { detector } = selected.config
  const windows = new FinalWindows({ ...detector, intervalMs: await batchMs(selected) })
  const feed = new ResultFeed(
    {
      wanted: statuses,
      minSamples: selected.config.minSamples,
      shows: flags.final ? 'final' : asJson ? 'updates' : 'changes',
    },
    windows,
  )
  return followResults(selected, feed, { from, limit: flags.limit, asJson, output, signal })
}

function sayUnused({ config }: Selected, { final }: Flags, warn: (line: string) => void): void {
  for (const line of unusedFlags(config.resolved, 'tail')) warn(line)
  const isFlag = config.resolved.some(({ key, origin }) => key === 'MIN_SAMPLES' && origin === 'flag')
  if (final && isFlag) warn('--set MIN_SAMPLES has no effect with --final, which shows every window')
}

/** @throws CliError USAGE when a flag that selects results is set for another topic. */
function refuseResultFlags({ final, all, status }: Flags, outputTopic: string): void {
  if (!final && !all && status === undefined) return
  throw new CliError(
    'USAGE',
    `--final, --all and --status apply to results only, which are in the topic ${outputTopic}`,
    { hint: `Run \`cpu-anomaly tail ${outputTopic}\`, or leave these flags out.` },
  )
}

/** Prints the records of any topic as they are. */
async function tailRaw(
  { output, signal }: CommandContext,
  { runtime }: Selected,
  topic: string,
  from: Position,
  flags: Flags,
): Promise<void> {
  const printer = new Printer(output.result, flags.limit)
  const line = flags.json ? (record: TopicRecord) => jsonLine(rawRecordJson(record)) : formatRawRecord
  for await (const records of followTopic(runtime.kafka, topic, { from, signal, notice: output.note }))
    if (await printer.print(records.map(line))) return
}

import { FinalWindows } from '../anomaly/finality.ts'
import type { CommandContext, CommandRun } from '../cli/command.ts'
import { CliError } from '../errors.ts'
import { followTopic } from '../kafka/follow-topic.ts'
import { type Position, parsePosition } from '../kafka/position.ts'
import type { TopicRecord } from '../kafka/topic-reader.ts'
import { submittedFile } from '../query/submitted.ts'
import type { Selected } from '../runtime/runtime.ts'
import { followResults } from '../tail/follow-results.ts'
import { Printer } from '../tail/printer.ts'
import { formatRaw, rawJson } from '../tail/raw.ts'
import { ReadableResults } from '../tail/readable.ts'
import { ChangingResults, FinalResults } from '../tail/results.ts'
import { selectedStatuses } from '../tail/selection.ts'
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
  const { output, signal } = context
  const statuses = selectedStatuses(flags)
  const selected = await context.select()
  const topic = args[0] ?? selected.config.topics.output
  if (topic !== selected.config.topics.output) {
    refuseResultFlags(flags, selected.config.topics.output)
    return tailRaw(context, selected, topic, from, flags)
  }
  const asJson = flags.json === true || !output.isTerminal
  const windows = new FinalWindows({ ...selected.config.detector, intervalMs: await intervalMs(selected) })
  const feed = flags.final
    ? new FinalResults(statuses, windows)
    : asJson
      ? new ChangingResults(statuses)
      : new ReadableResults(statuses, windows)
  return followResults(selected, feed, { from, limit: flags.limit, asJson, output, signal })
}

/** How long a batch of the job lasts while its results come: an interval in real-time mode, else no time at all. */
async function intervalMs({ config, storage }: Selected): Promise<number> {
  const query = (await submittedFile(storage).read()) ?? config.query
  return query.trigger === 'real-time' ? query.checkpointIntervalMs : 0
}

function refuseResultFlags({ final, all, status }: Flags, output: string): void {
  if (!final && !all && status === undefined) return
  throw new CliError(
    'USAGE',
    `--final, --all and --status need results, and those are in the topic ${output}`,
    {
      hint: `Run \`cpu-anomaly tail ${output}\`, or leave the flag out.`,
    },
  )
}

/** Any topic: each record as it is. */
async function tailRaw(
  context: CommandContext,
  selected: Selected,
  topic: string,
  from: Position,
  flags: Flags,
): Promise<void> {
  const { signal, output } = context
  const printer = new Printer(output.result, flags.limit)
  const line = flags.json ? (record: TopicRecord) => jsonLine(rawJson(record)) : formatRaw
  for await (const records of followTopic(selected.runtime.kafka, topic, {
    from,
    signal,
    notice: output.note,
  }))
    if (await printer.print(records.map(line))) return
}

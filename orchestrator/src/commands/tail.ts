import { once } from 'node:events'
import { FinalWindows } from '../anomaly/finality.ts'
import { formatRecord } from '../anomaly/format.ts'
import type { AnomalyRecord } from '../anomaly/record.ts'
import type { CommandContext, CommandRun } from '../command.ts'
import { CliError } from '../errors.ts'
import { type Position, parsePosition } from '../kafka/position.ts'
import { tailTopic } from '../kafka/tail.ts'
import type { TopicRecord } from '../kafka/topic-reader.ts'
import { queryLag } from '../query/status.ts'
import { submittedFile } from '../query/submitted.ts'
import { type Selected, selectRuntime } from '../runtime/select.ts'
import { LiveLine } from '../tail/live-line.ts'
import { formatRaw, rawJson } from '../tail/raw.ts'
import { ReadableResults } from '../tail/readable.ts'
import { RestWatch } from '../tail/rest.ts'
import { ChangingResults, FinalResults, type ResultFeed, ResultReader } from '../tail/results.ts'
import { selectedStatuses } from '../tail/selection.ts'
import { jsonLine } from '../text.ts'

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
  const statuses = selectedStatuses(flags)
  const selected = await selectRuntime(context)
  const topic = args[0] ?? selected.config.topics.output
  if (topic !== selected.config.topics.output) {
    refuseResultFlags(flags, selected.config.topics.output)
    return tailRaw(context, selected, topic, from, flags)
  }
  const asJson = flags.json === true || !context.output.isTerminal
  const windows = new FinalWindows({ ...selected.config.detector, intervalMs: await intervalMs(selected) })
  const feed = flags.final
    ? new FinalResults(statuses, windows)
    : asJson
      ? new ChangingResults(statuses)
      : new ReadableResults(statuses, windows)
  return tailResults(context, selected, feed, from, { ...flags, json: asJson })
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
  for await (const records of tailTopic(selected.runtime.kafka, topic, { from, signal, notice: output.note }))
    if (await printer.print(records.map(line))) return
}

/** The results: coloured for a person, JSON lines for a program. */
async function tailResults(
  context: CommandContext,
  selected: Selected,
  feed: ResultFeed,
  from: Position,
  flags: Flags,
): Promise<void> {
  const { signal, output } = context
  const { runtime, config } = selected
  const asJson = flags.json === true
  const live = new LiveLine(process.stderr, !asJson)
  const say = (speak: (line: string) => void) => (line: string) => {
    live.clear()
    speak(line)
  }
  const printer = new Printer(say(output.result), flags.limit)
  const reader = new ResultReader(say(output.warn))
  const rest = new RestWatch(
    runtime.kafka,
    config.topics.input,
    (inputEnds) => queryLag(runtime, inputEnds, signal),
    signal,
  )
  let newest: AnomalyRecord | undefined
  try {
    for await (const records of tailTopic(runtime.kafka, config.topics.output, {
      from,
      signal,
      notice: say(output.note),
    })) {
      const results = reader.read(records)
      if (results.length > 0) rest.resultsMoved()
      const shown = feed.take(results, Date.now())
      if (feed.pending > 0 && (await rest.isAtRest())) shown.push(...feed.settle())
      if (await printer.print(shown.map((record) => resultLine(record, config.detector.normalMean, asJson))))
        return
      newest = results.at(-1) ?? newest
      live.show(liveText(feed, newest))
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    live.clear()
    rest.close()
  }
}

function resultLine(record: AnomalyRecord, normalMean: number, asJson: boolean): string {
  return asJson
    ? jsonLine(record)
    : formatRecord(record, { normalMean, width: process.stdout.columns ?? 120 })
}

function liveText({ hidden }: { readonly hidden: number }, newest: AnomalyRecord | undefined): string {
  if (!newest) return 'waiting for results; `cpu-anomaly status` tells whether a job runs'
  const time = newest.window.start.slice(11, 23)
  return `${hidden} SAFE windows not shown; newest ${time} ${newest.status} ${newest.mean.toFixed(1)} %`
}

/** Prints lines up to the limit, no faster than they are read at the other end. */
class Printer {
  #left: number
  readonly #write: (line: string) => void

  constructor(write: (line: string) => void, limit = Number.POSITIVE_INFINITY) {
    this.#write = write
    this.#left = limit
  }

  /** True once the limit is reached. */
  async print(lines: readonly string[]): Promise<boolean> {
    const taken = lines.slice(0, this.#left)
    this.#left -= taken.length
    for (const line of taken) this.#write(line)
    if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain')
    return this.#left <= 0
  }
}

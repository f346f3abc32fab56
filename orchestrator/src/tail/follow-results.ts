import { formatRecord } from '../anomaly/format.ts'
import type { AnomalyRecord } from '../anomaly/record.ts'
import { followTopic } from '../kafka/follow-topic.ts'
import type { Position } from '../kafka/position.ts'
import { queryLag } from '../query/status.ts'
import type { Selected } from '../runtime/runtime.ts'
import { LiveLine } from '../terminal/live-line.ts'
import type { Output } from '../terminal/output.ts'
import { jsonLine } from '../terminal/text.ts'
import { Printer } from './printer.ts'
import { RestWatch } from './rest.ts'
import { type ResultFeed, ResultReader } from './results.ts'

export interface FollowOptions {
  readonly from: Position
  /** Lines to print at most. */
  readonly limit: number | undefined
  readonly asJson: boolean
  readonly output: Output
  readonly signal: AbortSignal
}

/** The results: coloured for a person, JSON lines for a program. */
export async function followResults(
  { runtime, config }: Selected,
  feed: ResultFeed,
  options: FollowOptions,
): Promise<void> {
  const { asJson, from, limit, output, signal } = options
  const live = new LiveLine(process.stderr, !asJson)
  const printer = new Printer(live.above(output.result), limit)
  const reader = new ResultReader(live.above(output.warn))
  const rest = new RestWatch(
    runtime.kafka,
    config.topics.input,
    (inputEnds) => queryLag(runtime, inputEnds, signal),
    signal,
  )
  let newest: AnomalyRecord | undefined
  try {
    for await (const records of followTopic(runtime.kafka, config.topics.output, {
      from,
      signal,
      notice: live.above(output.note),
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

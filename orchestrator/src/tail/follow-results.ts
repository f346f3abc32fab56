import { formatResult } from '../anomaly/format.ts'
import type { WindowResult } from '../anomaly/result.ts'
import { followTopic } from '../kafka/follow-topic.ts'
import type { Position } from '../kafka/position.ts'
import { queryLag } from '../query/status.ts'
import type { Selected } from '../runtime/runtime.ts'
import { LiveLine } from '../terminal/live-line.ts'
import type { Output } from '../terminal/output.ts'
import { jsonLine } from '../terminal/text.ts'
import { IdleWatch, type LagOf } from './idle-watch.ts'
import { Printer } from './printer.ts'
import type { ResultFeed } from './result-feed.ts'
import { ResultReader } from './result-reader.ts'

export interface FollowResultsOptions {
  readonly from: Position
  /** Maximum number of lines to print. */
  readonly limit: number | undefined
  readonly asJson: boolean
  readonly output: Output
  readonly signal: AbortSignal
}

/** Prints the results that the feed selects, as they arrive: coloured lines for a terminal, or JSON lines. */
export async function followResults(
  { runtime, config }: Selected,
  feed: ResultFeed,
  options: FollowResultsOptions,
): Promise<void> {
  const { asJson, from, limit, output, signal } = options
  const live = new LiveLine(process.stderr, !asJson)
  const printer = new Printer(live.above(output.result), limit)
  const reader = new ResultReader(live.above(output.warn))
  const lagOf: LagOf = (inputEnds) => queryLag(runtime, inputEnds, signal)
  const idleWatch = new IdleWatch(runtime.kafka, config.topics.input, lagOf, signal)
  const notice = live.above(output.note)
  let newest: WindowResult | undefined
  try {
    for await (const records of followTopic(runtime.kafka, config.topics.output, { from, signal, notice })) {
      const results = reader.read(records)
      if (results.length > 0) idleWatch.resultsArrived()
      const shown = feed.take(results, performance.now())
      if (feed.pending > 0 && (await idleWatch.isIdle())) shown.push(...feed.flush())
      if (await printer.print(shown.map((result) => resultLine(result, config.detector.normalMean, asJson))))
        return
      newest = results.at(-1) ?? newest
      live.show(liveText(feed, newest))
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    live.clear()
    idleWatch.close()
  }
}

function resultLine(result: WindowResult, normalMean: number, asJson: boolean): string {
  return asJson
    ? jsonLine(result)
    : formatResult(result, { normalMean, width: process.stdout.columns ?? 120 })
}

function liveText({ hidden }: ResultFeed, newest: WindowResult | undefined): string {
  if (!newest) return 'waiting for results; `cpu-anomaly status` shows whether a job is running'
  const time = newest.window.start.slice(11, 23)
  return `${hidden} windows not shown; newest ${time} ${newest.status} ${newest.mean.toFixed(1)} %`
}

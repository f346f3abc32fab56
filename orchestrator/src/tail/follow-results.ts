import type { WindowResult } from '../anomaly/result.ts'
import type { Config } from '../config/config.ts'
import { followTopic } from '../kafka/follow-topic.ts'
import type { Position } from '../kafka/position.ts'
import type { TopicRecord } from '../kafka/topic-reader.ts'
import { jobNow, readUpTo } from '../query/job-now.ts'
import { batchMs, submittedFile } from '../query/submitted.ts'
import type { Selected } from '../runtime/places.ts'
import { LiveLine } from '../terminal/live-line.ts'
import type { Output } from '../terminal/output.ts'
import { jsonLine } from '../terminal/text.ts'
import { terminalWidth } from '../terminal/width.ts'
import { IdleWatch } from './idle-watch.ts'
import { JobWatch } from './job-watch.ts'
import { LatestJob } from './latest-job.ts'
import { liveText, type NewestResult, newerResult } from './live-text.ts'
import { Printer } from './printer.ts'
import type { ResultFeed } from './result-feed.ts'
import { ResultLines } from './result-lines.ts'
import { ResultReader } from './result-reader.ts'

/**
 * For a person: the results of one batch arrive within this time, in any order, and are sorted. Programs get them at
 * once.
 */
const GATHER_MS = 150

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
  selected: Selected,
  feed: ResultFeed,
  options: FollowResultsOptions,
): Promise<void> {
  const { asJson, from, limit, output, signal } = options
  const { runtime, config } = selected
  const { detector } = config
  const live = new LiveLine(process.stderr, !asJson)
  const printer = new Printer(live.above(output.result), limit)
  const reader = new ResultReader(live.above(output.warn))
  const notice = live.above(output.note)
  const job = new LatestJob(() => jobNow(runtime, config.topics.input, signal))
  const positionOf = async () => readUpTo(await job.within(0, performance.now()), selected)
  const settleMs = detector.windowMs + detector.watermarkMs
  const idleWatch = new IdleWatch(runtime.kafka, config.topics.input, positionOf, settleMs, signal)
  const jobWatch = new JobWatch(job, signal, notice)
  const linesOf = lineFormat(asJson, detector)
  const gathered = new Gathered(asJson ? 0 : GATHER_MS)
  let newest: NewestResult | undefined
  try {
    for await (const records of followTopic(runtime.kafka, config.topics.output, { from, signal, notice })) {
      const elapsed = performance.now()
      const facts = jobWatch.facts(elapsed)
      if (jobWatch.takeNewCheckpoint()) {
        newest = undefined
        feed.restart(await batchMs(selected))
        await sayWhereItWrites(selected, notice)
      }
      const taken = gathered.add(records, elapsed)
      if (!taken) continue
      idleWatch.resultsRead(taken)
      const results = reader.read(taken)
      newest = newerResult(newest, results, taken)
      const shown = feed.take(results, elapsed, newest && jobWatch.delayMsAt(newest.writtenMs))
      if (feed.pending > 0 && (await idleWatch.isIdle())) shown.push(...feed.flush())
      if (feed.waiting > 0 && idleWatch.rest) jobWatch.reportUnread(idleWatch.rest.unread)
      if (await printer.print(linesOf(shown))) return
      live.show(liveText(feed, newest, facts, Date.now()))
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    live.clear()
    idleWatch.close()
  }
}

/** Says so if the job has left the topic that is followed. */
async function sayWhereItWrites(
  { storage, runtime, config }: Selected,
  notice: (line: string) => void,
): Promise<void> {
  const topic = (await submittedFile(storage, runtime.name).read())?.settings?.OUTPUT_TOPIC
  if (topic && topic !== config.topics.output)
    notice(`it writes to ${topic} now; \`cpu-anomaly tail ${topic}\` shows that`)
}

function lineFormat(
  asJson: boolean,
  { normalMean, normalStddev }: Config['detector'],
): (results: readonly WindowResult[]) => string[] {
  if (asJson) return (results) => results.map(jsonLine)
  const lines = new ResultLines()
  return (results) =>
    lines.format(results, {
      normalMean,
      normalStddev,
      width: terminalWidth(process.stdout),
      nowMs: Date.now(),
    })
}

/** Collects the records of several polls. */
class Gathered {
  readonly #forMs: number
  #records: TopicRecord[] = []
  #sinceMs = 0

  constructor(forMs: number) {
    this.#forMs = forMs
  }

  /** Returns all records once the first of them has waited long enough, and those of a poll without any at once. */
  add(records: readonly TopicRecord[], nowMs: number): readonly TopicRecord[] | undefined {
    if (this.#records.length === 0) this.#sinceMs = nowMs
    this.#records.push(...records)
    if (this.#records.length > 0 && nowMs - this.#sinceMs < this.#forMs) return undefined
    const all = this.#records
    this.#records = []
    return all
  }
}

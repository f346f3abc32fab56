import { parseResult, type WindowResult } from '../anomaly/result.ts'
import type { Config } from '../config/config.ts'
import { CliError } from '../errors.ts'
import type { KafkaAccess } from '../kafka/access.ts'
import { followTopic } from '../kafka/follow-topic.ts'
import { formatSeconds } from '../terminal/units.ts'
import type { Manifest } from './manifest.ts'

/** Enough to find a result among the last records, if something else was written after it. */
const LAST_RECORDS = 100

/**
 * A new checkpoint writes each window anew, so that its results replace the earlier ones of the same keys. Windows of
 * another length, of other series or of another input have other keys: they would stay beside the new ones for ever.
 * `before`: the manifest of the checkpoint that is replaced, which knows more than the results say.
 * @throws CliError CONFIGURATION when the output topic holds such results.
 */
export async function requireSameWindows(
  access: KafkaAccess,
  { topics, detector }: Config,
  before: Manifest | undefined,
  signal: AbortSignal,
): Promise<void> {
  const earlier = await lastResult(access, topics.output, signal)
  if (!earlier) return
  const windowMs = Date.parse(earlier.window.end) - Date.parse(earlier.window.start)
  if (windowMs !== detector.windowMs)
    throw mixed(topics.output, `of ${formatSeconds(windowMs)} windows`, 'WINDOW_DURATION')
  if (earlier.series !== '' && detector.groupBy === 'none')
    throw mixed(topics.output, 'of several series', 'GROUP_BY')
  if (before?.OUTPUT_TOPIC !== topics.output) return
  if (before.GROUP_BY !== detector.groupBy)
    throw mixed(topics.output, `with GROUP_BY=${before.GROUP_BY}`, 'GROUP_BY')
  if (before.INPUT_TOPIC !== topics.input)
    throw mixed(topics.output, `of the input topic ${before.INPUT_TOPIC}`, 'INPUT_TOPIC')
}

const mixed = (topic: string, what: string, key: string) =>
  new CliError(
    'CONFIGURATION',
    `OUTPUT_TOPIC=${topic}: the topic holds results ${what}; ${key} was changed since`,
    {
      hint: `Set another OUTPUT_TOPIC, restore ${key}, or remove all data with \`cpu-anomaly down --volumes\`.`,
    },
  )

/** Undefined if the last records of the topic are not results, or it has none. */
async function lastResult(
  access: KafkaAccess,
  topic: string,
  signal: AbortSignal,
): Promise<WindowResult | undefined> {
  const from = { kind: 'last', count: LAST_RECORDS } as const
  for await (const records of followTopic(access, topic, { from, signal, notice: () => undefined })) {
    const results = records.map(({ value }) => parseResult(value))
    const last = results.findLast((parsed) => parsed.ok)
    return last?.ok ? last.result : undefined
  }
  return undefined
}

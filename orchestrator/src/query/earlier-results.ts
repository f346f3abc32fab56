import { parseResult, type WindowResult } from '../anomaly/result.ts'
import type { Config } from '../config/config.ts'
import { CliError } from '../errors.ts'
import type { KafkaAccess } from '../kafka/access.ts'
import { kafkaErrorType } from '../kafka/errors.ts'
import { followTopic } from '../kafka/follow-topic.ts'
import { type ResultSettings, resultSettings, unreplacedBy, widest } from './result-settings.ts'
import { shortenedInput } from './shortened-input.ts'

/** Enough to find a result among the last records, if something else was written after it. */
const LAST_RECORDS = 100

/**
 * A new checkpoint writes each window anew, so that its results replace the earlier ones of the same keys. It cannot
 * replace a window of another length, series or input, and none whose samples it would all leave out: those results would
 * stay beside the new ones for ever.
 * `remembered`: what the topic's results were made with, as far as it is known.
 * Warns if it will not replace all of them because the input has lost its first records.
 * @returns what the topic's results will be made with.
 * @throws CliError CONFIGURATION when the output topic holds such results.
 */
export async function requireReplaceable(
  access: KafkaAccess,
  config: Config,
  remembered: ResultSettings,
  warn: (line: string) => void,
  signal: AbortSignal,
): Promise<ResultSettings> {
  const now = resultSettings(config)
  const topic = config.topics.output
  const results = await readableResults(access, topic, warn, signal)
  if (results.length === 0) return now
  const before = { ...remembered, ...shownBy(results) }
  const rereads = config.query.startingOffsets === 'earliest'
  const changes = unreplacedBy(now, before, rereads)
  if (changes.length === 0) {
    const shortened = rereads ? await shortenedInput(access, config, signal) : undefined
    if (shortened) warn(shortened)
    return widest(before, now)
  }
  throw new CliError(
    'CONFIGURATION',
    `OUTPUT_TOPIC=${topic}: the topic holds results of other settings, and new ones would not replace them all`,
    {
      details: changes.map(({ key, before, now }) => `${key}: was ${before}, is now ${now}`),
      hint: 'Set another OUTPUT_TOPIC, restore the old values, or remove all data with `cpu-anomaly down --volumes`.',
    },
  )
}

/** None of a topic that this user may not read, as is usual where a user has only the rights of the job. */
async function readableResults(
  access: KafkaAccess,
  topic: string,
  warn: (line: string) => void,
  signal: AbortSignal,
): Promise<WindowResult[]> {
  try {
    return await lastResults(access, topic, signal)
  } catch (error) {
    if (access.isOwn || kafkaErrorType(error) !== 'TOPIC_AUTHORIZATION_FAILED') throw error
    warn(
      `this user may not read ${topic}, so it is not known whether it holds results of other settings, which new ones would not replace`,
    )
    return []
  }
}

/** What results themselves say of how they were made. */
function shownBy(results: readonly WindowResult[]): ResultSettings {
  const [{ start, end } = { start: '', end: '' }] = results.map(({ window }) => window)
  return {
    WINDOW_DURATION: `${Date.parse(end) - Date.parse(start)} milliseconds`,
    // Records without a key have an empty series, whatever GROUP_BY is.
    ...(results.some(({ series }) => series !== '') && { GROUP_BY: 'key' }),
  }
}

/** The results among the topic's last records. */
async function lastResults(access: KafkaAccess, topic: string, signal: AbortSignal): Promise<WindowResult[]> {
  const from = { kind: 'last', count: LAST_RECORDS } as const
  for await (const records of followTopic(access, topic, { from, signal, notice: () => undefined }))
    return records.flatMap(({ value }) => {
      const parsed = parseResult(value)
      return parsed.ok ? [parsed.result] : []
    })
  return []
}

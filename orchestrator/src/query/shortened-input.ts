import type { Config } from '../config/config.ts'
import type { KafkaAccess } from '../kafka/access.ts'
import { readFirst } from '../kafka/read-range.ts'
import type { TopicRecord } from '../kafka/topic-reader.ts'

/**
 * What a new checkpoint cannot compute again, if retention has removed the first records of the input; undefined if it has
 * not. Without them the windows before the first record that is left stay as they are, and one that has lost a part of its
 * samples is written again with the rest.
 */
export async function shortenedInput(
  access: KafkaAccess,
  { topics, detector }: Config,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { begin, records } = await readFirst(access, topics.input, signal)
  const gone = [...begin].filter(([, offset]) => offset > 0n)
  if (gone.length === 0) return undefined
  const counts = gone.map(([partition, offset]) => `partition ${partition}: ${offset}`).join(', ')
  const firstMs = Math.max(...gone.map(([partition]) => timeIn(records, partition)))
  const endMs = (Math.floor(firstMs / detector.windowMs) + 1) * detector.windowMs
  const complete = Number.isFinite(endMs)
    ? `Windows from ${new Date(endMs).toISOString()} on are complete, if the samples were sent in the order of their times.`
    : 'From which time on windows are complete is not known.'
  return [
    `the first records of ${topics.input} are gone (${counts}): OUTPUT_TOPIC=${topics.output} keeps its earlier results of windows whose samples are all gone, and gets new ones, of the samples that are left, for windows that have lost a part`,
    `${complete} Set another OUTPUT_TOPIC to keep the earlier results as they are.`,
  ].join('\n')
}

/** Of the first line of a partition's record; not a number if it is not known. */
function timeIn(records: readonly TopicRecord[], partition: number): number {
  const record = records.find((each) => each.partition === partition)
  return Number(/^\s*(\d{13})\s*,/.exec(String(record?.value))?.[1] ?? Number.NaN)
}

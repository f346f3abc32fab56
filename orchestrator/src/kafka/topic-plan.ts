import type { TopicsConfig } from '../config/config.ts'

/** The settings of a topic, as text, by their Kafka names. */
export type TopicSettings = Readonly<Record<string, string>>

export interface WantedTopic {
  readonly topic: string
  readonly partitions: number
  /** The setting in `.env` for the number of partitions; undefined if the number is fixed. */
  readonly partitionsSetting?: string
  readonly settings: TopicSettings
}

export interface ExistingTopic {
  readonly topic: string
  readonly partitions: number
  /** Undefined if the user may not read them. */
  readonly settings: TopicSettings | undefined
}

/** A setting of an existing topic that differs from that of a new one. */
export interface TopicDifference {
  readonly what: string
  readonly wanted: string
  readonly actual: string
  readonly howToChange: string
  /** What it does, if that is not obvious. */
  readonly effect?: string
}

export interface TopicPlan {
  readonly create: readonly WantedTopic[]
  /** Existing topics, which are left alone, and how they differ. */
  readonly keep: readonly { readonly topic: string; readonly differences: readonly TopicDifference[] }[]
}

/**
 * The three topics. Results go to one partition, so that they are read in the order in which they were written: there
 * are few of them (one record per window and batch), and their readers need the order.
 */
export function wantedTopics(topics: TopicsConfig): WantedTopic[] {
  return [
    {
      topic: topics.input,
      partitions: topics.inputPartitions,
      partitionsSetting: 'INPUT_PARTITIONS',
      settings: { 'cleanup.policy': 'delete', ...BY_ARRIVAL },
    },
    {
      topic: topics.output,
      partitions: 1,
      settings: { ...COMPACTED, ...BY_ARRIVAL, 'retention.ms': String(topics.retentionMs) },
    },
    {
      topic: topics.deadLetter,
      partitions: 1,
      settings: { 'cleanup.policy': 'delete', ...BY_ARRIVAL, 'retention.ms': String(topics.retentionMs) },
    },
  ]
}

// Retention goes by a record's timestamp. Some producers set that to the time of the sample, and the broker would delete a
// file of last year within minutes, before the job has read it. It also refuses what a clock that is an hour ahead stamps.
const BY_ARRIVAL = { 'message.timestamp.type': 'LogAppendTime' }

// Only closed segments are compacted, hence one segment per minute, cleaned as soon as one per cent is dirty. The cleaner
// merges small segments up to segment.bytes, and a segment expires with its newest record: a large one never would.
const COMPACTED = {
  'cleanup.policy': 'compact,delete',
  'segment.ms': '60000',
  'segment.bytes': String(16 * 1024 * 1024),
  'min.cleanable.dirty.ratio': '0.01',
}

/** Missing topics are created; existing ones are left alone, whatever their settings: they may hold data. */
export function planTopics(wanted: readonly WantedTopic[], existing: readonly ExistingTopic[]): TopicPlan {
  const byName = new Map(existing.map((topic) => [topic.topic, topic]))
  const keep = wanted.flatMap((topic) => {
    const actual = byName.get(topic.topic)
    return actual ? [{ topic: topic.topic, differences: compare(topic, actual) }] : []
  })
  return { create: wanted.filter(({ topic }) => !byName.has(topic)), keep }
}

function compare(wanted: WantedTopic, actual: ExistingTopic): TopicDifference[] {
  const differences: TopicDifference[] = []
  if (wanted.partitions !== actual.partitions)
    differences.push({
      what: 'partitions',
      wanted: String(wanted.partitions),
      actual: String(actual.partitions),
      howToChange: partitionsHint(wanted, actual),
    })
  for (const [what, value] of Object.entries(wanted.settings)) {
    const now = actual.settings?.[what]
    if (now === undefined || isSameValue(value, now)) continue
    const howToChange = `kafka-configs.sh --alter --topic ${wanted.topic} --add-config ${what}=${quoteList(value)}`
    const effect = isNewlyCompacted(what, value, now) ? { effect: COMPACTION } : {}
    differences.push({ what, wanted: value, actual: now, howToChange, ...effect })
  }
  return differences
}

const COMPACTION = 'compaction removes samples that have the same key as a newer one, read or not'

const isNewlyCompacted = (what: string, wanted: string, now: string) =>
  what === 'cleanup.policy' && now.includes('compact') && !wanted.includes('compact')

function partitionsHint(
  { topic, partitions, partitionsSetting }: WantedTopic,
  actual: ExistingTopic,
): string {
  const keep = partitionsSetting
    ? `set ${partitionsSetting}=${actual.partitions}`
    : 'leave it: it works, but results are in order only within a partition'
  if (partitions < actual.partitions) return keep
  return `${keep}, or kafka-topics.sh --alter --topic ${topic} --partitions ${partitions}`
}

/** Lists are equal in any order, numbers in any notation. */
function isSameValue(a: string, b: string): boolean {
  const normal = (value: string) =>
    value.trim() !== '' && Number.isFinite(Number(value))
      ? String(Number(value))
      : value
          .split(',')
          .map((part) => part.trim())
          .sort()
          .join()
  return normal(a) === normal(b)
}

const quoteList = (value: string): string => (value.includes(',') ? `[${value}]` : value)

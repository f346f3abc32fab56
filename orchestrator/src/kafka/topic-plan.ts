import type { TopicsConfig } from '../config/config.ts'

/** Settings of a topic by their Kafka name, as text. */
export type TopicSettings = Readonly<Record<string, string>>

export interface WantedTopic {
  readonly topic: string
  readonly partitions: number
  /** The setting in `.env` that says how many partitions; undefined where the number is ours. */
  readonly partitionsFrom?: string
  readonly settings: TopicSettings
}

export interface ExistingTopic {
  readonly topic: string
  readonly partitions: number
  /** Undefined where the user may not see them. */
  readonly settings: TopicSettings | undefined
}

/** A setting of an existing topic that is not what a new topic would get. */
export interface TopicDifference {
  readonly what: string
  readonly wanted: string
  readonly actual: string
  readonly howToChange: string
}

export interface TopicPlan {
  readonly create: readonly WantedTopic[]
  /** Existing topics, left alone, with what differs. */
  readonly keep: readonly { readonly topic: string; readonly differences: readonly TopicDifference[] }[]
}

/**
 * The three topics. Results go to one partition, so that their order is the order of their writing: they are few
 * (one record a window and batch), and whoever reads them wants them in order.
 */
export function wantedTopics(topics: TopicsConfig): WantedTopic[] {
  return [
    {
      topic: topics.input,
      partitions: topics.inputPartitions,
      partitionsFrom: 'INPUT_PARTITIONS',
      settings: { 'cleanup.policy': 'delete' },
    },
    {
      topic: topics.output,
      partitions: 1,
      settings: { ...COMPACTED, 'retention.ms': String(topics.retentionMs) },
    },
    {
      topic: topics.deadLetter,
      partitions: 1,
      settings: { 'cleanup.policy': 'delete', 'retention.ms': String(topics.retentionMs) },
    },
  ]
}

// Only closed segments are compacted, hence one a minute and cleaning at the first per cent. The cleaner joins
// small segments up to segment.bytes, and a segment is deleted by its newest record: a large one would never age.
const COMPACTED = {
  'cleanup.policy': 'compact,delete',
  'segment.ms': '60000',
  'segment.bytes': String(16 * 1024 * 1024),
  'min.cleanable.dirty.ratio': '0.01',
}

/** What is missing is created; what exists is left alone, whatever it looks like: it may hold data. */
export function planTopics(wanted: readonly WantedTopic[], existing: readonly ExistingTopic[]): TopicPlan {
  const found = new Map(existing.map((topic) => [topic.topic, topic]))
  const keep = wanted.flatMap((topic) => {
    const actual = found.get(topic.topic)
    return actual ? [{ topic: topic.topic, differences: differences(topic, actual) }] : []
  })
  return { create: wanted.filter(({ topic }) => !found.has(topic)), keep }
}

function differences(wanted: WantedTopic, actual: ExistingTopic): TopicDifference[] {
  const found: TopicDifference[] = []
  if (wanted.partitions !== actual.partitions)
    found.push({
      what: 'partitions',
      wanted: String(wanted.partitions),
      actual: String(actual.partitions),
      howToChange: partitionsHint(wanted, actual),
    })
  for (const [what, value] of Object.entries(wanted.settings)) {
    const now = actual.settings?.[what]
    if (now === undefined || sameValue(value, now)) continue
    const howToChange = `kafka-configs.sh --alter --topic ${wanted.topic} --add-config ${what}=${quoteList(value)}`
    found.push({ what, wanted: value, actual: now, howToChange })
  }
  return found
}

function partitionsHint({ topic, partitions, partitionsFrom }: WantedTopic, actual: ExistingTopic): string {
  const keep = partitionsFrom
    ? `set ${partitionsFrom}=${actual.partitions}`
    : 'leave it: it works, but results are read in order only within a partition'
  if (partitions < actual.partitions) return keep
  return `${keep}, or kafka-topics.sh --alter --topic ${topic} --partitions ${partitions}`
}

/** Lists are equal in any order, numbers in any notation. */
function sameValue(a: string, b: string): boolean {
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

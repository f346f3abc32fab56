import type { Admin } from 'kafkajs'
import type { Config } from '../config/config.ts'
import { CliError } from '../errors.ts'
import type { KafkaAccess } from './access.ts'
import { withAdmin } from './client.ts'
import { kafkaErrorType } from './errors.ts'
import {
  type ExistingTopic,
  planTopics,
  type TopicDifference,
  type TopicPlan,
  type WantedTopic,
  wantedTopics,
} from './topic-plan.ts'
import { topicSettings } from './topic-settings.ts'

export interface TopicReport {
  readonly topic: string
  readonly outcome: 'created' | 'kept'
  /** How the topic differs from a new one; empty for a topic that was created. */
  readonly differences: readonly TopicDifference[]
}

/**
 * Creates missing topics and reports how existing ones differ from new ones; changes no existing topic.
 * @throws CliError KAFKA_UNREACHABLE or KAFKA_REFUSED.
 */
export function ensureTopics(
  access: KafkaAccess,
  config: Config,
  signal: AbortSignal,
): Promise<TopicReport[]> {
  const wanted = wantedTopics(config.topics)
  return withAdmin(
    access,
    async (admin) => {
      const plan = planTopics(wanted, await existingTopics(admin, wanted))
      await createTopics(admin, plan.create)
      return wanted.map(({ topic }) => reportOf(topic, plan))
    },
    { signal },
  )
}

/** One line for all topics, and one more per difference. */
export function formatTopicReport(reports: readonly TopicReport[]): string {
  const summary = (['created', 'kept'] as const)
    .map((outcome) => ({ outcome, topics: reports.filter((report) => report.outcome === outcome) }))
    .filter(({ topics }) => topics.length > 0)
    .map(({ outcome, topics }) => `${outcome} ${topics.map(({ topic }) => topic).join(', ')}`)
  const differing = reports.flatMap(({ topic, differences }) =>
    differences.map((difference) => `  ${formatDifference(topic, difference)}`),
  )
  return [summary.join('; '), ...differing].join('\n')
}

function formatDifference(
  topic: string,
  { what, wanted, actual, howToChange, effect }: TopicDifference,
): string {
  return `${topic} was left as it is: it has ${what}=${actual}, a new topic would have ${what}=${wanted} (to change it: ${howToChange})${effect ? `; ${effect}` : ''}`
}

function reportOf(topic: string, plan: TopicPlan): TopicReport {
  const kept = plan.keep.find((entry) => entry.topic === topic)
  return { topic, outcome: kept ? 'kept' : 'created', differences: kept?.differences ?? [] }
}

async function existingTopics(admin: Admin, wanted: readonly WantedTopic[]): Promise<ExistingTopic[]> {
  const all = new Set(await admin.listTopics())
  const present = wanted.filter(({ topic }) => all.has(topic))
  if (present.length === 0) return []
  const { topics } = await admin.fetchTopicMetadata({ topics: present.map(({ topic }) => topic) })
  // Undefined if the user may not read them: existing topics can be used all the same.
  const settings = await topicSettings(admin, present)
  return topics.map(({ name, partitions }) => ({
    topic: name,
    partitions: partitions.length,
    settings: settings?.get(name),
  }))
}

/** @throws CliError KAFKA_REFUSED with the commands that create the topics by hand. */
export async function createTopics(admin: Admin, topics: readonly WantedTopic[]): Promise<void> {
  if (topics.length === 0) return
  try {
    // It is not an error if another client creates the same topic at the same time.
    await admin.createTopics({
      waitForLeaders: true,
      topics: topics.map(({ topic, partitions, settings }) => ({
        topic,
        numPartitions: partitions,
        configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
      })),
    })
  } catch (error) {
    const type = kafkaErrorType(error)
    if (!type) throw error
    throw new CliError(
      'KAFKA_REFUSED',
      `Kafka did not create ${topics.map(({ topic }) => topic).join(', ')}: ${type}`,
      {
        hint: `Create them by hand, then run this command again:\n${topics.map(describeWanted).join('\n')}`,
        cause: error,
      },
    )
  }
}

/** Deletes every topic whose name matches. */
export async function deleteTopics(access: KafkaAccess, matches: (topic: string) => boolean): Promise<void> {
  await withAdmin(access, async (admin) => {
    const topics = (await admin.listTopics()).filter(matches)
    if (topics.length > 0) await admin.deleteTopics({ topics })
  })
}

function describeWanted({ topic, partitions, settings }: WantedTopic): string {
  const configs = Object.entries(settings).map(([name, value]) => ` --config ${name}=${value}`)
  return `kafka-topics.sh --create --topic ${topic} --partitions ${partitions}${configs.join('')}`
}

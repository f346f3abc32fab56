import type { Admin } from 'kafkajs'
import type { Config } from '../config/config.ts'
import type { KafkaAccess } from './access.ts'
import { AdministratorNeeded } from './administrator.ts'
import { askCluster } from './ask-cluster.ts'
import { withAdmin } from './client.ts'
import type { Operation, TopicRights } from './cluster-metadata.ts'
import { createTopics } from './create-topics.ts'
import { kafkaErrorType } from './errors.ts'
import { type NeededRights, neededRights } from './rights.ts'
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
 * @throws CliError KAFKA_UNREACHABLE or KAFKA_REFUSED; AdministratorNeeded when a given cluster does not let this user do
 *   what the job does.
 */
export function ensureTopics(
  access: KafkaAccess,
  config: Config,
  signal: AbortSignal,
): Promise<TopicReport[]> {
  return access.isOwn ? ensureOwnTopics(access, config, signal) : ensureGivenTopics(access, config, signal)
}

function ensureOwnTopics(access: KafkaAccess, config: Config, signal: AbortSignal): Promise<TopicReport[]> {
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

/** Of topics that somebody else made, only the differences that do harm are reported. */
async function ensureGivenTopics(
  access: KafkaAccess,
  { topics }: Config,
  signal: AbortSignal,
): Promise<TopicReport[]> {
  const wanted = wantedTopics(topics)
  const needed = neededRights(topics)
  const before = await rightsByTopic(access, needed, signal)
  const absent = wanted.filter(({ topic }) => before.get(topic)?.errorCode !== 0)
  if (absent.length > 0) await createGivenTopics(access, absent, needed, signal)
  const rights = absent.length > 0 ? await rightsByTopic(access, needed, signal) : before
  const lacking = needed.filter(({ topic, operations }) =>
    operations.some((operation) => !mayDo(rights.get(topic), operation)),
  )
  if (lacking.length > 0) throw new AdministratorNeeded(access, { topics: [], rights: lacking })
  const settings = await withAdmin(access, (admin) => topicSettings(admin, wanted), { signal })
  const present = wanted.map(({ topic }) => ({
    topic,
    partitions: rights.get(topic)?.partitions ?? 0,
    settings: settings?.get(topic),
  }))
  const plan = planTopics(wanted, present)
  return wanted.map(({ topic }) => ({
    topic,
    outcome: absent.some((entry) => entry.topic === topic) ? 'created' : 'kept',
    differences: reportOf(topic, plan).differences.filter(({ effect }) => effect !== undefined),
  }))
}

const rightsByTopic = async (
  access: KafkaAccess,
  needed: readonly NeededRights[],
  signal: AbortSignal,
): Promise<Map<string, TopicRights>> => {
  const topics = needed.map(({ topic }) => topic)
  const { topics: found } = await askCluster(access, topics, { signal })
  return new Map(found.map((rights) => [rights.topic, rights]))
}

/** A broker that does not say what a user may do leaves it to be seen. */
const mayDo = (rights: TopicRights | undefined, operation: Operation): boolean =>
  rights?.errorCode === 0 && (rights.operations?.has(operation) ?? true)

/** @throws AdministratorNeeded when this user may not create them. */
async function createGivenTopics(
  access: KafkaAccess,
  absent: readonly WantedTopic[],
  needed: readonly NeededRights[],
  signal: AbortSignal,
): Promise<void> {
  try {
    await withAdmin(access, (admin) => createTopics(admin, absent), { signal })
  } catch (error) {
    if (!kafkaErrorType(error)?.endsWith('AUTHORIZATION_FAILED')) throw error
    const rights = needed.filter(({ topic }) => absent.some((entry) => entry.topic === topic))
    throw new AdministratorNeeded(access, { topics: absent, rights }, error)
  }
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

/** Deletes every topic whose name matches. */
export async function deleteTopics(access: KafkaAccess, matches: (topic: string) => boolean): Promise<void> {
  await withAdmin(access, async (admin) => {
    const topics = (await admin.listTopics()).filter(matches)
    if (topics.length > 0) await admin.deleteTopics({ topics })
  })
}

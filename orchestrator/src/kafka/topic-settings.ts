import type { Admin } from 'kafkajs'
import type { KafkaAccess } from './access.ts'
import { askCluster } from './ask-cluster.ts'
import { TOPIC_RESOURCE, withAdmin } from './client.ts'
import { kafkaErrorType } from './errors.ts'
import type { TopicSettings } from './topic-plan.ts'

/** These settings of topics that exist; undefined if the user may not read them. */
export async function topicSettings(
  admin: Admin,
  topics: readonly { readonly topic: string; readonly settings: TopicSettings }[],
): Promise<Map<string, TopicSettings> | undefined> {
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: topics.map(({ topic, settings }) => ({
        type: TOPIC_RESOURCE,
        name: topic,
        configNames: Object.keys(settings),
      })),
    })
    return new Map(
      resources.map(({ resourceName, configEntries }) => [
        resourceName,
        Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue])),
      ]),
    )
  } catch (error) {
    if (kafkaErrorType(error)?.endsWith('AUTHORIZATION_FAILED')) return undefined
    throw error
  }
}

/** How the records of a topic are stamped, and when they expire. */
export interface Stamping {
  /** By the broker, when a record arrives; else by its producer. */
  readonly isByBroker: boolean
  /** How long after that time a record is deleted; undefined: not by time. */
  readonly retentionMs: number | undefined
  /** Only the last record of each key is kept. */
  readonly isCompacted: boolean
}

/** Undefined if there is no such topic, or if the user may not read its settings. */
export async function readStamping(
  access: KafkaAccess,
  topic: string,
  signal: AbortSignal,
): Promise<Stamping | undefined> {
  const wanted = { 'message.timestamp.type': '', 'cleanup.policy': '', 'retention.ms': '' }
  const { topics } = await askCluster(access, [topic], { signal })
  if (topics[0]?.errorCode !== 0) return undefined
  return withAdmin(
    access,
    async (admin) => {
      const settings = (await topicSettings(admin, [{ topic, settings: wanted }]))?.get(topic)
      if (!settings) return undefined
      const retentionMs = Number(settings['retention.ms'] ?? -1)
      const isDeleted = settings['cleanup.policy']?.includes('delete') && retentionMs >= 0
      return {
        isByBroker: settings['message.timestamp.type'] === 'LogAppendTime',
        retentionMs: isDeleted ? retentionMs : undefined,
        isCompacted: settings['cleanup.policy']?.includes('compact') === true,
      }
    },
    { signal },
  )
}

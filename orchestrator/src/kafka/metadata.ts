import type { KafkaAccess } from './access.ts'
import { probeBroker, withAdmin } from './client.ts'

/** How many partitions a topic has; undefined where there is no such topic, or no broker that answers. */
export async function topicPartitions(
  access: KafkaAccess,
  topic: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  const broker = await probeBroker(access, { timeoutMs: 2_000 })
  if (!broker.ok) return undefined
  return withAdmin(
    access,
    async (admin) => {
      if (!(await admin.listTopics()).includes(topic)) return undefined
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      return topics[0]?.partitions.length
    },
    { signal },
  )
}

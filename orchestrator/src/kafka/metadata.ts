import type { KafkaAccess } from './access.ts'
import { withAdmin } from './client.ts'
import { probeBroker } from './probe.ts'

/** The id of the cluster, which it got when its storage was formatted. */
export async function readClusterId(access: KafkaAccess): Promise<string> {
  return (await withAdmin(access, (admin) => admin.describeCluster())).clusterId
}

/** The number of partitions of a topic; undefined if there is no such topic, or if no broker answers in time. */
export async function countPartitions(
  access: KafkaAccess,
  topic: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  const broker = await probeBroker(access, { timeoutMs: access.isOwn ? 2_000 : 8_000 })
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

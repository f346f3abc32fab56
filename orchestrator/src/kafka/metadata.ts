import { CliError } from '../errors.ts'
import type { KafkaAccess } from './access.ts'
import { askCluster } from './ask-cluster.ts'

/** The id of the cluster, which it got when its storage was formatted. */
export const readClusterId = async (access: KafkaAccess): Promise<string> =>
  (await askCluster(access, [])).clusterId

/** The number of partitions of a topic; undefined if there is no such topic, or if no broker answers in time. */
export async function countPartitions(
  access: KafkaAccess,
  topic: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  const limits = { connectTimeoutMs: access.isOwn ? 2_000 : 8_000, retries: 0, signal }
  const metadata = await askCluster(access, [topic], limits).catch((error: unknown) => {
    signal.throwIfAborted()
    if (error instanceof CliError) return undefined
    throw error
  })
  return metadata?.topics.find(({ errorCode }) => errorCode === 0)?.partitions
}

import type { KafkaAccess } from './access.ts'
import { type ClientOptions, kafkaClient, withBrokerDeadline } from './client.ts'
import { type ClusterMetadata, METADATA, metadataRequest, readMetadata } from './cluster-metadata.ts'
import { translateKafkaError } from './errors.ts'
import { createCluster, sendRaw } from './kafkajs-internals.ts'
import { WireReader } from './wire.ts'

const ANSWER_MS = 12_000

/**
 * Logs in, and asks for brokers, and these topics with what this user may do with them. Creates no topic.
 * @throws CliError KAFKA_UNREACHABLE or KAFKA_REFUSED; the signal's reason when it aborts.
 */
export async function askCluster(
  access: KafkaAccess,
  topics: readonly string[],
  options: ClientOptions = {},
): Promise<ClusterMetadata> {
  const { signal, connectTimeoutMs = ANSWER_MS } = options
  signal?.throwIfAborted()
  const client = kafkaClient(access, options)
  const cluster = createCluster(client.kafka)
  const ask = async () => {
    await cluster.connect()
    return readMetadata(new WireReader(await sendRaw(cluster, METADATA, metadataRequest(topics))))
  }
  try {
    return await withBrokerDeadline(ask(), access, connectTimeoutMs, signal)
  } catch (error) {
    signal?.throwIfAborted()
    throw translateKafkaError(error, access) ?? error
  } finally {
    client.destroy()
    cluster.disconnect().catch(() => {})
  }
}

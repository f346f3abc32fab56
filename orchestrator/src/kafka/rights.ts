import { X509Certificate } from 'node:crypto'
import type { TopicsConfig } from '../config/config.ts'
import type { KafkaAccess } from './access.ts'
import { operationsRequest, type TopicOperation } from './authorized-operations.ts'
import { kafkaClient, withBrokerDeadline } from './client.ts'
import { translateKafkaError } from './errors.ts'
import { createCluster } from './kafkajs-internals.ts'
import { readPem } from './pem.ts'

const ANSWER_MS = 12_000

/** What this user sees of a topic, and may do with it. */
export interface TopicRights {
  readonly topic: string
  /** `hidden`: Kafka does not say whether it exists, because the user may not describe it. */
  readonly state: 'exists' | 'missing' | 'hidden'
  readonly operations: ReadonlySet<TopicOperation>
}

/** A topic of the job, and what its user must be allowed to do with it. */
export interface NeededRights {
  readonly topic: string
  readonly operations: readonly TopicOperation[]
  /** Without them the job runs, but something else does not work. */
  readonly optional: readonly TopicOperation[]
}

/** The least that the job needs. */
export const neededRights = ({ input, output, deadLetter }: TopicsConfig): NeededRights[] => [
  { topic: input, operations: ['Read', 'Describe'], optional: ['DescribeConfigs'] },
  { topic: output, operations: ['Write', 'Describe'], optional: ['DescribeConfigs'] },
  { topic: deadLetter, operations: ['Write', 'Describe'], optional: ['DescribeConfigs'] },
]

const MISSING = 3
const UNAUTHORIZED = 29

/**
 * Asks the cluster what this user may do with these topics; changes nothing there.
 * @throws CliError KAFKA_UNREACHABLE or KAFKA_REFUSED; the signal's reason when it aborts.
 */
export async function readRights(
  access: KafkaAccess,
  topics: readonly string[],
  signal: AbortSignal,
): Promise<TopicRights[]> {
  const client = kafkaClient(access)
  const cluster = createCluster(client.kafka)
  const ask = async () => {
    await cluster.connect()
    await cluster.refreshMetadata()
    const broker = await cluster.findControllerBroker()
    return broker.connectionPool.send(operationsRequest(topics))
  }
  try {
    const answers = await withBrokerDeadline(ask(), access, ANSWER_MS, signal)
    return answers.map(({ name, errorCode, operations }) => ({
      topic: name,
      state: errorCode === UNAUTHORIZED ? 'hidden' : errorCode === MISSING ? 'missing' : 'exists',
      operations,
    }))
  } catch (error) {
    signal.throwIfAborted()
    throw translateKafkaError(error, access) ?? error
  } finally {
    client.destroy()
    cluster.disconnect().catch(() => {})
  }
}

/** By which Kafka names this client in its ACLs, unless the cluster maps names by rules of its own. */
export function principalOf({ securityProtocol, sasl, ssl }: KafkaAccess): string {
  if (sasl) return `User:${sasl.username}`
  const { cert } = securityProtocol.endsWith('SSL') ? readPem(ssl) : {}
  if (!cert) return 'User:ANONYMOUS'
  // Kafka writes the subject as RFC 2253 does, its last part first.
  return `User:${new X509Certificate(cert).subject.split('\n').reverse().join(',')}`
}

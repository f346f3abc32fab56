import type { Socket } from 'node:net'
import { Kafka } from 'kafkajs'
import { CliError } from '../errors.ts'
import { LONGEST_TIMER_MS, withDeadline } from '../system/deadline.ts'
import type { KafkaAccess } from './access.ts'
import { clientConfig } from './client-config.ts'
import { hintFor } from './error-hints.ts'
import { translateKafkaError } from './errors.ts'
import { createCluster, sendRaw } from './kafkajs-internals.ts'
import {
  type ClusterMetadata,
  METADATA,
  type Operation,
  readRights,
  rightsRequest,
  TOPIC_AUTHORIZATION_FAILED,
  type TopicRights,
  UNKNOWN_TOPIC,
} from './topic-rights.ts'
import { WireReader } from './wire.ts'

/** The topics of the settings, by what they are for. */
export interface Topics {
  readonly input: string
  readonly output: string
  readonly deadLetter: string
}

/**
 * Logs in at one server, and asks there for brokers, topics and rights.
 * @throws CliError KAFKA_REFUSED or KAFKA_UNREACHABLE; the signal's reason.
 */
export async function readCluster(
  access: KafkaAccess,
  server: string,
  topics: readonly string[],
  signal: AbortSignal,
): Promise<ClusterMetadata> {
  const sockets = new Set<Socket>()
  const cluster = createCluster(
    new Kafka(clientConfig({ ...access, servers: [server] }, { retries: 0 }, sockets)),
  )
  const read = async () => {
    await cluster.connect()
    return readRights(new WireReader(await sendRaw(cluster, METADATA, rightsRequest(topics))))
  }
  try {
    return await withDeadline(read(), { timeoutMs: LONGEST_TIMER_MS, signal, late: () => new Error('late') })
  } catch (error) {
    throw translateKafkaError(error, { ...access, servers: [server] }) ?? error
  } finally {
    for (const socket of sockets) socket.destroy()
    cluster.disconnect().catch(() => {})
  }
}

/** The topics and their partitions. @throws CliError NO_SUCH_TOPIC, KAFKA_REFUSED or KAFKA_UNREACHABLE. */
export function topicsText(topics: readonly TopicRights[], access: KafkaAccess): string {
  for (const topic of topics) requireTopic(topic, access)
  return topics
    .map(({ topic, partitions }) => `${topic} (${partitions} partition${partitions === 1 ? '' : 's'})`)
    .join(', ')
}

function requireTopic({ topic, errorCode, leaderless }: TopicRights, access: KafkaAccess): void {
  if (errorCode === UNKNOWN_TOPIC)
    throw new CliError('NO_SUCH_TOPIC', `the cluster of KAFKA_SERVERS has no topic ${topic}`, {
      hint: `Have it created, or correct its name in .env: this user may create none, perhaps.\nkafka-topics.sh --create --topic ${topic}`,
    })
  if (errorCode === TOPIC_AUTHORIZATION_FAILED)
    throw new CliError('KAFKA_REFUSED', `${userOf(access)} may not see the topic ${topic}, if there is one`, {
      hint: grantHint([[topic, 'Describe']], access),
    })
  if (errorCode !== 0)
    throw new CliError('KAFKA_REFUSED', `Kafka answers for the topic ${topic} with its error ${errorCode}`, {
      hint: hintFor('other', access),
    })
  if (leaderless.length > 0)
    throw new CliError(
      'KAFKA_UNREACHABLE',
      `${topic} has no leader now for partition ${leaderless.join(', ')}`,
      {
        hint: 'A broker that has it is down: wait for the election of another one, or have that broker started.',
      },
    )
}

/** What the user may do with the topics. @throws CliError KAFKA_REFUSED for a right that is missing. */
export function rightsText(found: readonly TopicRights[], topics: Topics, access: KafkaAccess): string {
  const needed: readonly (readonly [string, Operation])[] = [
    [topics.input, 'Read'],
    [topics.output, 'Write'],
    [topics.deadLetter, 'Write'],
  ]
  const sound = new Map(found.filter(({ errorCode }) => errorCode === 0).map((entry) => [entry.topic, entry]))
  const askedOf = needed.filter(([topic]) => sound.has(topic))
  if (askedOf.some(([topic]) => !sound.get(topic)?.operations))
    return 'not checked: these brokers do not say what a user may do (Kafka 2.3 and later do)'
  const missing = askedOf.filter(([topic, operation]) => !sound.get(topic)?.operations?.has(operation))
  if (missing.length > 0) throw missingRights(missing, access)
  const unasked = needed.filter(([topic]) => !sound.has(topic)).map(([topic]) => topic)
  const blind = [...sound.values()].filter(({ operations }) => !operations?.has('DescribeConfigs'))
  return [
    [
      ...askedOf.map(([topic, operation]) => `${operation} on ${topic}`),
      `not checked: ${[...unasked, 'groups', 'quotas'].join(', ')}`,
    ].join('; '),
    ...blind.map(({ topic }) => `beware: no DescribeConfigs on ${topic}, so its settings are not checked`),
  ].join('\n')
}

function missingRights(missing: readonly (readonly [string, Operation])[], access: KafkaAccess): CliError {
  const acts = missing.map(([topic, operation]) => `${operation === 'Read' ? 'read' : 'write to'} ${topic}`)
  return new CliError('KAFKA_REFUSED', `${userOf(access)} may not ${acts.join(', and not ')}`, {
    hint: grantHint(missing, access),
  })
}

const userOf = ({ sasl, ssl }: KafkaAccess): string => {
  if (sasl) return `the user ${sasl.username} (KAFKA_USERNAME)`
  return ssl.cert ? `the user of the certificate KAFKA_SSL_CERT=${ssl.cert}` : 'a client without a login'
}

const grantHint = (rights: readonly (readonly [string, Operation])[], { sasl }: KafkaAccess): string =>
  [
    'Correct the name of the topic in .env, or have this right granted:',
    ...rights.map(
      ([topic, operation]) =>
        `kafka-acls.sh --add --allow-principal User:${sasl?.username ?? '...'} --operation ${operation} --topic ${topic}`,
    ),
  ].join('\n')

import type { TopicsConfig } from '../config/config.ts'
import { CliError } from '../errors.ts'
import type { KafkaAccess } from './access.ts'
import { administratorCommands, type Lacking } from './administrator.ts'
import {
  type Operation,
  TOPIC_AUTHORIZATION_FAILED,
  type TopicRights,
  UNKNOWN_TOPIC,
} from './cluster-metadata.ts'
import { hintFor } from './error-hints.ts'
import { neededRights } from './rights.ts'
import { wantedTopics } from './topic-plan.ts'

/** The topics and their partitions. @throws CliError NO_SUCH_TOPIC, KAFKA_REFUSED or KAFKA_UNREACHABLE. */
export function topicsText(found: readonly TopicRights[], topics: TopicsConfig, access: KafkaAccess): string {
  for (const topic of found) requireTopic(topic, topics, access)
  return found
    .map(({ topic, partitions }) => `${topic} (${partitions} partition${partitions === 1 ? '' : 's'})`)
    .join(', ')
}

function requireTopic(
  { topic, errorCode, leaderless }: TopicRights,
  topics: TopicsConfig,
  access: KafkaAccess,
): void {
  const missing = wantedTopics(topics).filter((wanted) => wanted.topic === topic)
  const rights = neededRights(topics).filter((needed) => needed.topic === topic)
  if (errorCode === UNKNOWN_TOPIC)
    throw new CliError('NO_SUCH_TOPIC', `the cluster of KAFKA_SERVERS has no topic ${topic}`, {
      hint: `Correct its name in .env, or create it: \`cpu-anomaly up\` does, if this user may. Else an administrator can:\n${commandsText(access, { topics: missing, rights })}`,
    })
  if (errorCode === TOPIC_AUTHORIZATION_FAILED)
    throw new CliError('KAFKA_REFUSED', `${userOf(access)} may not see the topic ${topic}, if there is one`, {
      hint: grantHint({ topics: missing, rights }, access),
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
export function rightsText(found: readonly TopicRights[], topics: TopicsConfig, access: KafkaAccess): string {
  const needed = neededRights(topics).flatMap(({ topic, operations }) =>
    operations.filter((name) => name !== 'Describe').map((name) => [topic, name] as const),
  )
  const sound = new Map(found.filter(({ errorCode }) => errorCode === 0).map((entry) => [entry.topic, entry]))
  const askedOf = needed.filter(([topic]) => sound.has(topic))
  if (askedOf.some(([topic]) => !sound.get(topic)?.operations))
    return 'not checked: these brokers do not say what a user may do (Kafka 2.3 and later do)'
  const missing = askedOf.filter(([topic, operation]) => !sound.get(topic)?.operations?.has(operation))
  if (missing.length > 0) throw missingRights(missing, topics, access)
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

function missingRights(
  missing: readonly (readonly [string, Operation])[],
  topics: TopicsConfig,
  access: KafkaAccess,
): CliError {
  const acts = missing.map(([topic, operation]) => `${operation === 'Read' ? 'read' : 'write to'} ${topic}`)
  return new CliError('KAFKA_REFUSED', `${userOf(access)} may not ${acts.join(', and not ')}`, {
    hint: grantHint(
      {
        topics: [],
        rights: neededRights(topics).filter(({ topic }) => missing.some(([name]) => name === topic)),
      },
      access,
    ),
  })
}

const userOf = ({ sasl, ssl }: KafkaAccess): string => {
  if (sasl) return `the user ${sasl.username} (KAFKA_USERNAME)`
  return ssl.cert ? `the user of the certificate KAFKA_SSL_CERT=${ssl.cert}` : 'a client without a login'
}

const grantHint = (lacking: Lacking, access: KafkaAccess): string =>
  `Correct the name of the topic in .env, or have an administrator grant this:\n${commandsText(access, lacking)}`

const commandsText = (access: KafkaAccess, lacking: Lacking): string =>
  administratorCommands(access, lacking).join('\n')

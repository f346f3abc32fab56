import { ForAdministrator } from '../errors.ts'
import type { KafkaAccess } from './access.ts'
import { CLIENT_ID } from './client-config.ts'
import type { Operation } from './cluster-metadata.ts'
import { type NeededRights, principalOf } from './rights.ts'
import type { WantedTopic } from './topic-plan.ts'

/** What this user lacks at a given cluster. */
export interface Lacking {
  readonly topics: readonly WantedTopic[]
  readonly rights: readonly NeededRights[]
}

/** What a given cluster's administrator has to do. */
export class AdministratorNeeded extends ForAdministrator {
  constructor(access: KafkaAccess, lacking: Lacking, cause?: unknown) {
    const principal = principalOf(access)
    super('KAFKA_REFUSED', sentence(access, lacking, principal), {
      commands: administratorCommands(access, lacking),
      facts: {
        principal,
        missing_topics: lacking.topics.map(({ topic }) => topic),
        missing_rights: lacking.rights.map(({ topic, operations }) => ({ topic, operations })),
      },
      cause,
    })
  }
}

function sentence({ servers }: KafkaAccess, { topics, rights }: Lacking, principal: string): string {
  const absent = topics.map(({ topic }) => topic)
  const present = rights.filter(({ topic }) => !absent.includes(topic))
  const parts = [
    ...(absent.length > 0 ? [`does not see the topics ${absent.join(', ')} and may not create them`] : []),
    ...present.map(({ topic, operations }) => `lacks the right to ${operations.join(' and ')} ${topic}`),
  ]
  return `${principal} ${parts.join(', and ')} at ${servers.join(',')}`
}

/** The commands of Kafka's own tools that give this user what is lacking; lines of a shell script. */
export function administratorCommands(access: KafkaAccess, { topics, rights }: Lacking): string[] {
  const principal = principalOf(access)
  return [
    "# Of Kafka's bin folder; admin.properties has the administrator's own login, whose listener may be another one.",
    ...(principal.includes('=')
      ? [
          '# The principal is the subject of the certificate, unless ssl.principal.mapping.rules make it another name.',
        ]
      : []),
    ...topics.map(
      (wanted) => `kafka-topics.sh ${at(access)} --create --if-not-exists ${topicArguments(wanted)}`,
    ),
    ...rights.map(({ topic, operations }) => allowCommand(access, [...operations, SETTINGS], topic)),
    '# So that lag tools show how far the job has read, in a group of its own.',
    `${allow(access)} --operation Read --operation Describe --group ${CLIENT_ID} --resource-pattern-type prefixed`,
  ]
}

/** The command that lets this user do this with a topic. */
export const allowCommand = (access: KafkaAccess, operations: readonly Operation[], topic: string): string =>
  [allow(access), ...operations.map((name) => `--operation ${name}`), `--topic ${topic}`].join(' ')

const allow = (access: KafkaAccess): string =>
  `kafka-acls.sh ${at(access)} --add --allow-principal ${quoted(principalOf(access))}`

const at = ({ servers }: KafkaAccess): string =>
  `--bootstrap-server ${servers.join(',')} --command-config admin.properties`

/** The job runs without it, but then nobody is told of settings that lose records. */
const SETTINGS = 'DescribeConfigs'

/** The arguments of `kafka-topics.sh` that describe a topic. */
export function topicArguments({ topic, partitions, settings }: WantedTopic): string {
  const configs = Object.entries(settings).map(([name, value]) => ` --config ${name}=${value}`)
  return `--topic ${topic} --partitions ${partitions}${configs.join('')}`
}

/** As one word of a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", QUOTE_IN_QUOTES)}'`

const QUOTE_IN_QUOTES = String.raw`'\''`

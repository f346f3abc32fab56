import { CliError } from '../errors.ts'
import type { KafkaAccess } from './access.ts'
import { CLIENT_ID } from './client-config.ts'
import { type NeededRights, principalOf } from './rights.ts'
import type { WantedTopic } from './topic-plan.ts'

/** What this user lacks at a given cluster. */
export interface Lacking {
  readonly topics: readonly WantedTopic[]
  readonly rights: readonly NeededRights[]
}

/** Something that only an administrator of the given cluster can do, with the commands that do it. */
export class AdministratorNeeded extends CliError {
  /** Lines of a shell script. */
  readonly commands: readonly string[]
  readonly principal: string
  readonly lacking: Lacking

  constructor(access: KafkaAccess, lacking: Lacking, cause?: unknown) {
    const principal = principalOf(access)
    super('KAFKA_REFUSED', sentence(access, lacking, principal), {
      hint: 'Give the commands above to an administrator of the cluster, then run this command again. Or use another user.',
      cause,
    })
    this.principal = principal
    this.lacking = lacking
    this.commands = commandsFor(access, lacking, principal)
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

function commandsFor({ servers }: KafkaAccess, { topics, rights }: Lacking, principal: string): string[] {
  const at = `--bootstrap-server ${servers.join(',')} --command-config admin.properties`
  const allow = `kafka-acls.sh ${at} --add --allow-principal ${quoted(principal)}`
  return [
    "# Of Kafka's bin folder; admin.properties has the administrator's own login, whose listener may be another one.",
    ...(principal.includes('=')
      ? [
          '# The principal is the subject of the certificate, unless ssl.principal.mapping.rules make it another name.',
        ]
      : []),
    ...topics.map((wanted) => `kafka-topics.sh ${at} --create --if-not-exists ${topicArguments(wanted)}`),
    ...rights.map(({ topic, operations, optional }) =>
      [allow, ...[...operations, ...optional].map((name) => `--operation ${name}`), `--topic ${topic}`].join(
        ' ',
      ),
    ),
    '# So that lag tools show how far the job has read, in a group of its own.',
    `${allow} --operation Read --operation Describe --group ${CLIENT_ID} --resource-pattern-type prefixed`,
  ]
}

/** The arguments of `kafka-topics.sh` that describe a topic. */
export function topicArguments({ topic, partitions, settings }: WantedTopic): string {
  const configs = Object.entries(settings).map(([name, value]) => ` --config ${name}=${value}`)
  return `--topic ${topic} --partitions ${partitions}${configs.join('')}`
}

/** As one word of a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", QUOTE_IN_QUOTES)}'`

const QUOTE_IN_QUOTES = String.raw`'\''`

import { CliError } from '../errors.ts'
import type { KafkaAccess } from './access.ts'
import { allowCommand } from './administrator.ts'
import { kafkaErrorType } from './errors.ts'
import { principalOf } from './rights.ts'

/** The error of a user who may not do this with a topic; undefined for another error. */
export function refusedTopic(
  error: unknown,
  access: KafkaAccess,
  topic: string,
  operation: 'Read' | 'Write',
): CliError | undefined {
  if (access.isOwn || kafkaErrorType(error) !== 'TOPIC_AUTHORIZATION_FAILED') return undefined
  const act = operation === 'Read' ? 'read' : 'write to'
  return new CliError(
    'KAFKA_REFUSED',
    `${principalOf(access)} may not ${act} ${topic} at ${access.servers.join(',')}, or there is no such topic`,
    {
      hint: `Use another user (--settings FILE), correct the name, or have an administrator grant this:\n${allowCommand(access, [operation, 'Describe'], topic)}`,
      cause: error,
    },
  )
}

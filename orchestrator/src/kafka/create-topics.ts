import type { Admin } from 'kafkajs'
import { CliError } from '../errors.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from '../system/wait.ts'
import { topicArguments } from './administrator.ts'
import { kafkaErrorType } from './errors.ts'
import type { WantedTopic } from './topic-plan.ts'

const LEADERS_MS = 30_000

/**
 * Creates topics, and waits until the broker that was asked knows a leader for each partition.
 * @throws CliError KAFKA_REFUSED with the commands that create the topics by hand; KAFKA_UNREACHABLE when a partition gets
 *   no leader.
 */
export async function createTopics(admin: Admin, topics: readonly WantedTopic[]): Promise<void> {
  if (topics.length === 0) return
  try {
    // It is not an error if another client creates the same topic at the same time.
    await admin.createTopics({
      waitForLeaders: false, // it fails if a broker does not know the topic yet
      topics: topics.map(({ topic, partitions, settings }) => ({
        topic,
        numPartitions: partitions,
        configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
      })),
    })
  } catch (error) {
    throw notCreated(error, topics)
  }
  await awaitLeaders(
    admin,
    topics.map(({ topic }) => topic),
  )
}

function notCreated(error: unknown, topics: readonly WantedTopic[]): unknown {
  const type = kafkaErrorType(error)
  if (!type) return error
  const commands = topics.map((topic) => `kafka-topics.sh --create ${topicArguments(topic)}`)
  return new CliError(
    'KAFKA_REFUSED',
    `Kafka did not create ${topics.map(({ topic }) => topic).join(', ')}: ${type}`,
    {
      hint: `Create them by hand, then run this command again:\n${commands.join('\n')}`,
      cause: error,
    },
  )
}

/** A controller has created a topic a moment before every broker knows it. */
const IS_NEW = /^(?:UNKNOWN_TOPIC_OR_PARTITION|LEADER_NOT_AVAILABLE)$/

async function awaitLeaders(admin: Admin, topics: string[]): Promise<void> {
  const check = async () => {
    try {
      await admin.fetchTopicMetadata({ topics })
      return arrived(undefined)
    } catch (error) {
      const type = kafkaErrorType(error)
      if (type === undefined || !IS_NEW.test(type)) throw error
      return notYet(type)
    }
  }
  await waitUntil('leaders', check, { timeoutMs: LEADERS_MS }).catch((error: unknown) => {
    if (!(error instanceof WaitTimeout)) throw error
    throw new CliError(
      'KAFKA_UNREACHABLE',
      `Kafka created ${topics.join(', ')}, but not every partition has a leader after ${LEADERS_MS / 1_000} s: ${error.lastSeen}`,
      { hint: 'See whether all brokers run, then run this command again.' },
    )
  })
}

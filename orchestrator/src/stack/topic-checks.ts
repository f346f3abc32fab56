import { CliError } from '../errors.ts'
import { readLast } from '../kafka/read-range.ts'
import { readStamping } from '../kafka/topic-settings.ts'
import type { Runtime, Selected } from '../runtime/places.ts'
import type { DoctorCheck } from '../runtime/runtime.ts'
import { formatTimeSpan } from '../terminal/units.ts'
import { clockTroubles } from './clocks.ts'
import { checkFormat } from './format-check.ts'
import { requireBroker } from './require-broker.ts'

const LAST_SAMPLES = 20
const LAST_DEAD_LETTERS = 100

/** Checks of the topics, while the broker answers. */
export function topicChecks({ runtime, config }: Selected): DoctorCheck[] {
  const { kafka } = runtime
  const { input, deadLetter } = config.topics
  const whileUp = (check: (signal: AbortSignal) => Promise<string>) => async (signal: AbortSignal) => {
    const obstacle = await whyNotChecked(runtime)
    return obstacle ? `not checked: ${obstacle}` : check(signal)
  }
  return [
    {
      title: 'input topic',
      run: whileUp(async (signal) => {
        const stamping = await readStamping(kafka, input, signal)
        if (!stamping) return `${input}: nothing is known of it yet`
        const { isByBroker, retentionMs, isCompacted } = stamping
        if (isCompacted)
          return [
            `beware: ${input} is compacted, which removes samples that have the same key as a newer one, read or not.`,
            'To prevent that:',
            `kafka-configs.sh --alter --topic ${input} --add-config cleanup.policy=delete`,
          ].join('\n')
        if (isByBroker || retentionMs === undefined)
          return `${input} does not delete samples by their own time`
        return [
          `beware: ${input} deletes records ${formatTimeSpan(retentionMs)} after the time that their producer sets (CreateTime).`,
          'Older samples may be deleted before the job reads them. To prevent that:',
          `kafka-configs.sh --alter --topic ${input} --add-config message.timestamp.type=LogAppendTime`,
        ].join('\n')
      }),
    },
    { title: 'input format', run: whileUp((signal) => checkFormat({ runtime, config }, signal)) },
    {
      title: 'clocks',
      run: whileUp(async (signal) => {
        const isByBroker = (await readStamping(kafka, input, signal))?.isByBroker === true
        const samples = isByBroker ? await readLast(kafka, input, LAST_SAMPLES, signal).catch(noneYet) : []
        const letters = await readLast(kafka, deadLetter, LAST_DEAD_LETTERS, signal).catch(noneYet)
        const troubles = clockTroubles(samples, letters, Date.now(), isOneClock(runtime))
        if (troubles.length === 0) return 'the last samples show no difference'
        throw new CliError('CHECK_FAILED', troubles.join('\n'), {
          hint: 'Set the clocks right, for example with NTP. Samples from the future become dead letters, or make others late.',
        })
      }),
    },
  ]
}

/** Does the broker have this machine's clock? */
export const isOneClock = ({ name, kafka }: Runtime): boolean => name !== 'docker' && kafka.isOwn === true

/** What a broker of somebody else's has is not this folder's. */
async function whyNotChecked(runtime: Runtime): Promise<string | undefined> {
  try {
    await requireBroker(runtime)
    return undefined
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    return error.code === 'KAFKA_UNREACHABLE' ? 'Kafka is not running' : error.message
  }
}

function noneYet(error: unknown): [] {
  if (error instanceof CliError && error.code === 'NO_SUCH_TOPIC') return []
  throw error
}

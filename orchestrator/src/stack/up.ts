import type { Config } from '../config/config.ts'
import { givenServers } from '../config/given-servers.ts'
import { CliError } from '../errors.ts'
import { waitForBroker } from '../kafka/probe.ts'
import { ensureTopics, formatTopicReport } from '../kafka/topics.ts'
import { isActive } from '../runtime/driver-state.ts'
import type { Runtime, Selected } from '../runtime/places.ts'
import type { Output } from '../terminal/output.ts'
import { escapeControls } from '../terminal/text.ts'
import { otherData } from './data.ts'
import { changesSinceUp, recordUp, type SettingChange, stackFile } from './record.ts'

/**
 * Starts Kafka and Spark and creates the topics; returns once both answer. What fails before the first start leaves no
 * record of a stack.
 */
export async function bringUp(selected: Selected, output: Output, signal: AbortSignal): Promise<void> {
  const { runtime, config, storage, why } = selected
  output.note(`Runtime: ${runtime.name} (${why})`)
  const unused = await otherData(selected)
  if (unused) output.note(`Data of an earlier \`up\` are kept in ${unused}; this runtime does not use them.`)
  if (!runtime.kafka.isOwn) output.note(`Kafka: ${runtime.kafka.servers.join(',')} (KAFKA_SERVERS)`)
  const changes = changesSinceUp(config, await stackFile(storage).read())
  await requireNoConflictingJob(changes, runtime)
  requireNoOwnBroker(changes, config)
  for (const change of changes) output.note(escapeControls(changeText(change)))
  await runtime.preflight(signal)
  // What an administrator must do first is said before anything is installed.
  if (!runtime.kafka.isOwn) await makeTopics(selected, output, signal)
  await recordUp(storage, config, runtime.name, await runtime.engine?.())
  await runtime.start(output, signal)
  if (runtime.kafka.isOwn) {
    await waitForBroker(runtime.kafka, signal)
    await makeTopics(selected, output, signal)
  }
  await requireAllParts(selected)
}

const makeTopics = ({ runtime, config }: Selected, output: Output, signal: AbortSignal): Promise<void> =>
  output.step('Topics', async (step) => {
    const report = await ensureTopics(runtime.kafka, config, signal)
    step.done(`Topics: ${formatTopicReport(report)}`)
  })

/** @throws CliError CLUSTER_UNREACHABLE that names each part that does not run. */
async function requireAllParts({ runtime }: Selected): Promise<void> {
  const missing = (await runtime.parts()).filter(({ state }) => state === 'stopped')
  if (missing.length === 0) return
  const named = missing.map(({ part, detail }) => `${part} does not run${detail ? `: ${detail}` : ''}`)
  throw new CliError('CLUSTER_UNREACHABLE', named.join('\n'), {
    hint: 'Run `cpu-anomaly up` again; `cpu-anomaly logs spark` and `logs kafka` may say why it ended.',
  })
}

const OF_GIVEN_SPARK = new Set([
  ...['SPARK_MASTER', 'CHECKPOINT_LOCATION', 'KAFKA_SERVERS'],
  ...['KAFKA_PORT', 'KAFKA_USERNAME', 'KAFKA_PASSWORD'],
])

/** How the job reaches the broker: its driver was given these, and keeps them. */
const USED_BY_JOB = {
  local: new Set(['CHECKPOINT_LOCATION', 'KAFKA_SERVERS', 'KAFKA_PORT', 'KAFKA_USERNAME', 'KAFKA_PASSWORD']),
  docker: new Set(['KAFKA_SERVERS', 'KAFKA_USERNAME', 'KAFKA_PASSWORD']),
  standalone: OF_GIVEN_SPARK,
  yarn: OF_GIVEN_SPARK,
  'yarn-cluster': OF_GIVEN_SPARK,
  kubernetes: OF_GIVEN_SPARK,
}

/** @throws CliError LOCKED when the broker would no longer be where the running job expects it. */
async function requireNoConflictingJob(changes: readonly SettingChange[], runtime: Runtime): Promise<void> {
  const conflicts = changes.filter(({ now }) => USED_BY_JOB[runtime.name].has(now.key))
  if (conflicts.length === 0 || !isActive(await runtime.driver())) return
  throw new CliError('LOCKED', conflicts.map(conflictText).join('\n'), {
    hint: 'Stop the job with `cpu-anomaly stop`, then run `up` and `submit`; or restore the old value.',
  })
}

/** @throws CliError CONFIGURATION when the stack is up with a broker of its own, which would be left running. */
function requireNoOwnBroker(changes: readonly SettingChange[], { kafka, ports }: Config): void {
  const change = changes.find(({ now }) => now.key === 'KAFKA_SERVERS')
  if (!change || !kafka.isGiven) return
  const before = change.started.value.split(',').filter(Boolean)
  if (givenServers(before, ports.kafka).length > 0) return
  throw new CliError(
    'CONFIGURATION',
    `KAFKA_SERVERS=${change.now.value}, but this folder's stack is up with a broker of its own`,
    { hint: 'Run `cpu-anomaly down` first, or leave KAFKA_SERVERS empty.' },
  )
}

const changeText = ({ now, started }: SettingChange): string =>
  now.secret
    ? `${now.key} has changed`
    : `${now.key} was ${started.value || 'empty'}, is now ${now.value || 'empty'}`

const conflictText = ({ now, started }: SettingChange): string =>
  now.secret
    ? `${now.key} has changed, but the running job uses the old value`
    : `${now.key} is now ${now.value || 'empty'}, but the running job uses ${started.value || 'none'}`

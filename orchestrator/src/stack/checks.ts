import { access, constants, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CliError } from '../errors.ts'
import { reachChecks } from '../kafka/reach.ts'
import type { Selected } from '../runtime/places.ts'
import type { DoctorCheck } from '../runtime/runtime.ts'
import { checkPort } from '../system/ports.ts'
import { requireBroker } from './require-broker.ts'
import { topicChecks } from './topic-checks.ts'

/** The checks that every runtime needs, in addition to its own. */
export function stackChecks(selected: Selected): DoctorCheck[] {
  const { runtime, config, why } = selected
  return [
    { title: 'runtime', run: async () => `${runtime.name} (${why})` },
    { title: 'storage', run: () => checkStorage(config.storageDir) },
    ...(runtime.kafka.isOwn ? [ownBrokerCheck(selected)] : reachChecks(runtime.kafka, config.topics)),
    ...(runtime.name === 'kubernetes' ? [] : [uiCheck(selected)]),
    ...topicChecks(selected),
  ]
}

const uiCheck = ({ runtime, config }: Selected): DoctorCheck => ({
  title: "Spark's UI",
  run: async () =>
    (await runtime.driver())
      ? runtime.sparkUi
      : checkPort(config.ports.sparkUi, 'SPARK_UI_PORT', `port ${config.ports.sparkUi} is free`),
})

const ownBrokerCheck = ({ runtime, config }: Selected): DoctorCheck => ({
  title: 'Kafka',
  run: async () => {
    if ((await runtime.clusterId()) === undefined)
      return checkPort(config.ports.kafka, 'KAFKA_PORT', 'not running; `up` starts it')
    await requireBroker(runtime)
    return `answers at ${runtime.kafka.servers.join(',')}`
  },
})

/** Kafka's broker stops when a write fails: a log segment may grow to 1 GiB before old ones are deleted. */
const MIN_FREE_BYTES = 2 ** 30

/** Can the folder be written to, or created, and has its disk room? */
async function checkStorage(dir: string): Promise<string> {
  const parent = await nearestExisting(dir)
  await access(parent, constants.W_OK | constants.X_OK)
  const { bavail, bsize } = await statfs(parent)
  const free = `${((bavail * bsize) / 2 ** 30).toFixed(1)} GiB free`
  if (bavail * bsize >= MIN_FREE_BYTES) return `${dir} (${free})`
  throw new CliError('STORAGE', `${dir}: its disk is nearly full, ${free}`, {
    hint: 'Free some space, or set STORAGE_DIR to a folder on another disk.',
  })
}

async function nearestExisting(path: string): Promise<string> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  )
  return isThere || dirname(path) === path ? path : nearestExisting(dirname(path))
}

import { CliError } from '../errors.ts'
import { readClusterId } from '../kafka/metadata.ts'
import { probeBroker } from '../kafka/probe.ts'
import type { Runtime } from '../runtime/places.ts'
import { folderOfProcess } from '../storage/mark.ts'
import { isPortOpen, portHolder } from '../system/ports.ts'

const ANSWER_MS = { own: 5_000, given: 12_000 }

/**
 * @throws CliError KAFKA_UNREACHABLE when no broker answers; KAFKA_REFUSED when a given cluster refuses this user;
 *   OTHER_FOLDER when the broker is not this folder's.
 */
export async function requireBroker(runtime: Runtime): Promise<void> {
  const { kafka } = runtime
  await requireOwnBroker(runtime)
  const ready = await probeBroker(kafka, { timeoutMs: kafka.isOwn ? ANSWER_MS.own : ANSWER_MS.given })
  if (!ready.ok) throw kafka.isOwn ? noBroker(ready.why) : ready.error
}

/**
 * Requires that the broker at this stack's address is this folder's: with the default port, that may be another folder's.
 * Nothing is sent to one that is not, and no login. A given cluster is the one that is meant, whoever answers.
 * @throws CliError KAFKA_UNREACHABLE when there is none; OTHER_FOLDER when it is not this folder's.
 */
export async function requireOwnBroker(runtime: Runtime): Promise<void> {
  if (!runtime.kafka.isOwn) return
  const [server = ''] = runtime.kafka.servers
  const port = Number(server.slice(server.lastIndexOf(':') + 1))
  const own = await runtime.clusterId()
  if (own === undefined && !(await isPortOpen(port))) throw noBroker(`nothing listens at ${server}`)
  if (own === undefined || own !== (await readClusterId(runtime.kafka))) throw await notOwn(server, port)
}

const noBroker = (why: string): CliError =>
  new CliError('KAFKA_UNREACHABLE', `no broker answers: ${why}`, {
    hint: 'Start it with `cpu-anomaly up`.',
  })

async function notOwn(server: string, port: number): Promise<CliError> {
  const holder = await portHolder(port)
  const folder = holder && (await folderOfProcess(holder.pid))
  const program = holder ? `: ${holder.name} (pid ${holder.pid})` : ''
  const message = folder
    ? `${server} is the broker of another folder: ${folder}`
    : `${server} is not this folder's broker, but another folder's or another program's${program}`
  return new CliError('OTHER_FOLDER', message, {
    hint: `Run this command in that folder, or set KAFKA_PORT in .env to a free port and start this folder's own with \`cpu-anomaly up\`.`,
  })
}

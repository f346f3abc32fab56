import type { ContainerInspectInfo } from 'dockerode'
import { CliError, errorMessage } from '../../../errors.ts'
import { packageRoot } from '../../../package/root.ts'
import { exitText } from '../container/state.ts'

/** A container that broke the start. */
export interface FailedContainer {
  readonly service: string
  readonly info: ContainerInspectInfo
  /** The last lines of its log. */
  readonly log: readonly string[]
}

const PORT = /port is already allocated|address already in use|ports are not available/i
const PULL =
  /pull access denied|manifest unknown|manifest for .* not found|no matching manifest|failed to resolve|no such host|unauthorized|toomanyrequests|TLS handshake|proxyconnect|Get "https?:/i
// An engine that does not see this machine's files: it says that the file is not there (snap), that the folder is not
// shared (Docker Desktop), or mounts an empty folder in its place (an older one in a virtual machine).
const NOT_SHARED =
  /bind source path does not exist|mounts denied|not shared from the host|error while creating mount source path|mount a directory onto a file|not a directory: unknown|\/opt\/cpu-anomaly\/\S+: Is a directory/i
const SPACE = /no space left on device/i

const MEMORY_SETTING: Readonly<Record<string, string>> = { 'spark-worker': 'SPARK_WORKER_MEMORY' }

const SHARING_HINT =
  'Share that folder with Docker (Docker Desktop: Settings, Resources, File sharing; Colima: `colima start --mount`). Docker from snap sees only folders in your home folder whose names have no leading dot: run cpu-anomaly from a clone there. Or set RUNTIME=local.'

/**
 * Why `up` failed: a failed container explains more than compose's own last error. The settings of a broker are not
 * mentioned if it is given.
 */
export function upFailure(
  composeErrors: readonly string[],
  failed: FailedContainer | undefined,
  error: unknown,
  isKafkaGiven = false,
): CliError {
  const text = composeErrors.join('\n')
  const all = [text, ...(failed?.log ?? [])].join('\n')
  const options = { details: composeErrors.slice(-5), cause: error }
  if (SPACE.test(text))
    return new CliError('STORAGE', 'Docker has no space left', {
      ...options,
      hint: 'Free some with `docker system df` and `docker system prune`.',
    })
  if (PORT.test(all))
    return new CliError('PORT_TAKEN', 'a port was taken while the stack started', {
      ...options,
      hint: `Set ${isKafkaGiven ? '' : 'KAFKA_PORT or '}SPARK_MASTER_UI_PORT in .env to a free port.`,
    })
  if (NOT_SHARED.test(all))
    return new CliError('STORAGE', `the Docker engine cannot see ${packageRoot}, which containers mount`, {
      ...options,
      hint: SHARING_HINT,
    })
  if (PULL.test(text))
    return new CliError('DOWNLOAD_FAILED', 'an image could not be pulled', {
      ...options,
      hint: `Check the network, and whether ${isKafkaGiven ? 'the image that SPARK_IMAGE names exists' : 'the images that KAFKA_IMAGE and SPARK_IMAGE name exist'}.`,
    })
  if (failed) return containerFailure(failed, error)
  if (error instanceof CliError)
    return new CliError(error.code, error.message, {
      ...options,
      details: composeErrors.length > 0 ? composeErrors.slice(-5) : error.details,
    })
  return new CliError('CLUSTER_UNREACHABLE', `the stack did not start: ${errorMessage(error)}`, options)
}

function containerFailure({ service, info, log }: FailedContainer, cause: unknown): CliError {
  const { State: state } = info
  const logHint = `See the whole log with \`cpu-anomaly logs ${service.startsWith('kafka') ? 'kafka' : 'spark'} -n 200\`; start over with \`cpu-anomaly down\` and \`cpu-anomaly up\`.`
  if (state.OOMKilled) {
    const setting = MEMORY_SETTING[service]
    const raise = setting ? `Raise ${setting} in .env` : 'Give Docker more memory'
    return new CliError('CLUSTER_UNREACHABLE', `${service} ran ${exitText(info)}`, {
      details: log,
      hint: `${raise}, or close other programs. ${logHint}`,
      cause,
    })
  }
  const how =
    state.Running && !state.Restarting ? 'is not healthy' : `exited while it was starting: ${exitText(info)}`
  return new CliError('CLUSTER_UNREACHABLE', `${service} ${how}`, { details: log, hint: logHint, cause })
}

/** The container that most likely broke the start: one that exited, else one that is not healthy. */
export function findFailedContainer<T extends { readonly info: ContainerInspectInfo }>(
  containers: readonly T[],
): T | undefined {
  const exited = containers.find(
    ({ info: { State: state } }) =>
      state.OOMKilled || state.Restarting || (!state.Running && state.Status !== 'created'),
  )
  return (
    exited ??
    containers.find(
      ({ info: { State: state } }) => state.Running && state.Health && state.Health.Status !== 'healthy',
    )
  )
}

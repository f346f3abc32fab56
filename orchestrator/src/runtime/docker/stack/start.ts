import { setTimeout as delay } from 'node:timers/promises'
import type { CliError } from '../../../errors.ts'
import { type Compose, composeUp } from '../compose/compose.ts'
import { composeEnvironment, composeFiles, composeServices } from '../compose/environment.ts'
import { ComposeProgress } from '../compose/progress.ts'
import { readTextFile } from '../container/files.ts'
import { readLog } from '../container/log-lines.ts'
import { DRIVER, KAFKA } from '../container/project.ts'
import { hasFailedForGood } from '../container/state.ts'
import type { Stack } from './stack.ts'
import { findFailedContainer, upFailure } from './up-failure.ts'

const POLL_MS = 500
const LOG_LINES = 12

/**
 * Starts the compose services; returns once each is healthy.
 * @throws CliError with the real cause and the last lines of the failed container's log, as soon as one cannot become
 *   healthy any more.
 */
export async function startStack(
  stack: Stack,
  compose: Compose,
  update: (detail: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const project = await stack.requireProject()
  const engine = await stack.engine()
  const { config } = stack.context
  if (!config.kafka.isGiven) await removeBrokerWithOldLogin(stack)
  const progress = new ComposeProgress(project.name)
  const failed = new AbortController()
  const finished = new AbortController()
  const watching = watchForFailure(stack, failed, finished.signal)
  try {
    await composeUp(compose, {
      project: project.name,
      env: composeEnvironment(config, project.id),
      engine,
      files: composeFiles(config),
      services: composeServices(config),
      signal: AbortSignal.any([signal, failed.signal]),
      onLine: (line) => {
        progress.add(line)
        update(progress.toString())
      },
    })
  } catch (error) {
    signal.throwIfAborted()
    throw await explain(stack, progress.errors, error)
  } finally {
    finished.abort()
    await watching
  }
}

/** Aborts `failed` as soon as a container keeps exiting: its health check would report that only much later. */
async function watchForFailure(stack: Stack, failed: AbortController, until: AbortSignal): Promise<void> {
  const startedAt = Date.now()
  while (!until.aborted && !failed.signal.aborted) {
    const containers = await stack.containers().catch(() => [])
    const broken = containers.find(
      ({ service, info }) => service !== DRIVER && hasFailedForGood(info, startedAt),
    )
    if (broken) failed.abort(new Error(`${broken.service} keeps exiting`))
    await delay(POLL_MS, undefined, { signal: until }).catch(() => undefined)
  }
}

async function explain(stack: Stack, composeErrors: readonly string[], error: unknown): Promise<CliError> {
  const containers = (await stack.containers()).filter(({ service }) => service !== DRIVER)
  const failed = findFailedContainer(containers)
  const { isGiven } = stack.context.config.kafka
  if (!failed) return upFailure(composeErrors, undefined, error, isGiven)
  const log: string[] = []
  const signal = new AbortController().signal
  for await (const { text } of readLog(failed.container, { tail: LOG_LINES, follow: false }, signal))
    log.push(text)
  return upFailure(composeErrors, { service: failed.service, info: failed.info, log }, error, isGiven)
}

const LOGIN_FILE = '/run/cpu-anomaly/kafka-login'

/** Compose does not notice a changed login, but creates a removed container again. The data stay in the volume. */
async function removeBrokerWithOldLogin(stack: Stack): Promise<void> {
  const { sasl } = stack.context.config.kafka
  const login = `username=${sasl?.username ?? ''}\npassword=${sasl?.password ?? ''}\n`
  for (const { container } of await stack.containers(KAFKA))
    if ((await readTextFile(container, LOGIN_FILE)) !== login) {
      await container.stop().catch(() => undefined)
      await container.remove({ force: true, v: true })
    }
}

import { setTimeout as delay } from 'node:timers/promises'
import type { CliError } from '../../../errors.ts'
import { type Compose, composeUp } from '../compose/compose.ts'
import { composeEnvironment } from '../compose/environment.ts'
import { ComposeProgress } from '../compose/progress.ts'
import { readTextFile } from '../container/files.ts'
import { readLog } from '../container/log-lines.ts'
import { DRIVER, KAFKA } from '../container/project.ts'
import { isLost } from '../container/state.ts'
import type { Stack } from './stack.ts'
import { findCulprit, upFailure } from './up-failure.ts'

const LOOK_MS = 500
const LOG_LINES = 12

/**
 * Brings the compose services up; returns when each is healthy.
 * @throws CliError with the true cause and the last lines of the right log, as soon as one cannot become healthy any more.
 */
export async function startStack(
  stack: Stack,
  compose: Compose,
  update: (detail: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const project = await stack.requireProject()
  const engine = await stack.engine()
  await removeBrokerWithOldLogin(stack)
  const progress = new ComposeProgress(project.name)
  const hopeless = new AbortController()
  const ended = new AbortController()
  const watching = watchForLoss(stack, hopeless, ended.signal)
  try {
    await composeUp(compose, {
      project: project.name,
      env: composeEnvironment(stack.context.config, project.id),
      engine,
      signal: AbortSignal.any([signal, hopeless.signal]),
      onLine: (line) => {
        progress.add(line)
        update(progress.toString())
      },
    })
  } catch (error) {
    signal.throwIfAborted()
    throw await explain(stack, progress.errors, error)
  } finally {
    ended.abort()
    await watching
  }
}

/** Ends the wait early for a container that keeps dying: its health check would only be slow to say so. */
async function watchForLoss(stack: Stack, hopeless: AbortController, until: AbortSignal): Promise<void> {
  const beganAt = Date.now()
  while (!until.aborted && !hopeless.signal.aborted) {
    const found = await stack.containers().catch(() => [])
    const lost = found.find(({ service, info }) => service !== DRIVER && isLost(info, beganAt))
    if (lost) hopeless.abort(new Error(`${lost.service} keeps ending`))
    await delay(LOOK_MS, undefined, { signal: until }).catch(() => undefined)
  }
}

async function explain(stack: Stack, said: readonly string[], error: unknown): Promise<CliError> {
  const found = (await stack.containers()).filter(({ service }) => service !== DRIVER)
  const broken = findCulprit(found)
  if (!broken) return upFailure(said, undefined, error)
  const log: string[] = []
  const signal = new AbortController().signal
  for await (const { text } of readLog(broken.container, { tail: LOG_LINES, follow: false }, signal))
    log.push(text)
  return upFailure(said, { service: broken.service, info: broken.info, log }, error)
}

const LOGIN_FILE = '/run/cpu-anomaly/kafka-login'

/** Compose does not notice a changed login: without its container, it makes a new one (the data stay in the volume). */
async function removeBrokerWithOldLogin(stack: Stack): Promise<void> {
  const { sasl } = stack.context.config.kafka
  const wanted = `username=${sasl?.username ?? ''}\npassword=${sasl?.password ?? ''}\n`
  for (const { container } of await stack.containers(KAFKA))
    if ((await readTextFile(container, LOGIN_FILE)) !== wanted) {
      await container.stop().catch(() => undefined)
      await container.remove({ force: true, v: true })
    }
}

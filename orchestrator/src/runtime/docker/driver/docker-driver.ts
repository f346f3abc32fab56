import { createWriteStream } from 'node:fs'
import { mkdir, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type Docker from 'dockerode'
import { CliError, errorMessage } from '../../../errors.ts'
import { parseJson } from '../../../system/json.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from '../../../system/wait.ts'
import { checkpointInUse } from '../../driver-state.ts'
import type { DriverStatus, StopOutcome, Submission } from '../../runtime.ts'
import { MAX_LOG_BYTES } from '../../supervisor-args.ts'
import { type SupervisorState, supervisorStateSchema } from '../../supervisor-state.ts'
import { putFiles, readTextFile } from '../container/files.ts'
import { containerName, type InspectedContainer, isNotFound, statusCode } from '../container/inspect.ts'
import { readLog } from '../container/log-lines.ts'
import { DRIVER, type Project } from '../container/project.ts'
import { exitText } from '../container/state.ts'
import { requirePort } from '../stack/port-check.ts'
import type { Stack } from '../stack/stack.ts'
import { driverFiles } from './files.ts'
import { driverSpec, STATE_FILE } from './spec.ts'
import { containerDriverStatus } from './status.ts'

const START_TIMEOUT_MS = 30_000

/** The driver of one project folder, in a container whose main process is the supervisor. */
export class DockerDriver {
  readonly #stack: Stack
  /** Keeps the logs of removed containers. */
  readonly #oldLog: string

  constructor(stack: Stack, oldLog: string) {
    this.#stack = stack
    this.#oldLog = oldLog
  }

  find(): Promise<InspectedContainer[]> {
    return this.#stack.containers(DRIVER)
  }

  /** @throws CliError LOCKED when there is a running driver already. */
  async start(submission: Submission, jars: readonly string[], signal: AbortSignal): Promise<void> {
    const project = await this.#stack.requireProject()
    await this.#stack.runningMaster()
    await this.#removeStopped()
    await requirePort(this.#stack, this.#stack.context.config.ports.sparkUi, 'SPARK_UI_PORT', "Spark's UI")
    const files = await driverFiles(submission, jars)
    signal.throwIfAborted()
    const container = await this.#create(project, submission)
    try {
      await putFiles(container, '/', files)
      signal.throwIfAborted()
      await container.start()
      await this.#waitForSupervisor(container, signal)
    } catch (error) {
      await this.#removeContainer(container)
      throw error
    }
  }

  async status(): Promise<DriverStatus | undefined> {
    const [driver] = await this.find()
    if (!driver || driver.info.State.Status === 'created') return undefined // its start was interrupted
    return containerDriverStatus(await readState(driver.container), driver.info)
  }

  async stop(timeoutMs: number, signal: AbortSignal): Promise<StopOutcome> {
    const [driver] = await this.find()
    if (!driver) return 'not-running'
    const { container, info } = driver
    let outcome: StopOutcome = 'not-running'
    if (info.State.Running) {
      // Even if this command is killed from here on, a restarted engine does not restart the driver.
      await container.update({ RestartPolicy: { Name: 'no' } }).catch(() => undefined)
      await container.stop({ t: Math.ceil(timeoutMs / 1000), abortSignal: signal }).catch(ignoreStopped)
      signal.throwIfAborted() // the container keeps stopping; a second `stop` kills the driver
      const { State } = await container.inspect()
      outcome = State.ExitCode === 137 ? 'killed' : 'stopped'
    }
    await this.#removeContainer(container)
    return outcome
  }

  /** Restarts a driver that was killed and that neither its supervisor nor Docker restarted; true if it did. */
  async restartIfLost(): Promise<boolean> {
    const [driver] = await this.find()
    const status = await this.status()
    if (!driver || status?.state !== 'lost') return false
    await driver.container.start()
    return true
  }

  /** @throws CliError LOCKED when the driver has not stopped. */
  async #removeStopped(): Promise<void> {
    const [driver] = await this.find()
    if (!driver) return
    if (driver.info.State.Running) throw checkpointInUse(`container ${containerName(driver.info)}`)
    await this.#removeContainer(driver.container)
  }

  async #create(project: Project, submission: Submission): Promise<Docker.Container> {
    const { docker } = await this.#stack.engine()
    try {
      return await docker.createContainer(driverSpec(project, this.#stack.context.config, submission))
    } catch (error) {
      if (statusCode(error) === 409) throw checkpointInUse(`container ${project.driverContainer}`)
      throw new CliError(
        'CLUSTER_UNREACHABLE',
        `the driver's container could not be created: ${errorMessage(error)}`,
        {
          hint: 'Check the cluster with `cpu-anomaly status`; `cpu-anomaly up` starts what is missing.',
          cause: error,
        },
      )
    }
  }

  async #waitForSupervisor(container: Docker.Container, signal: AbortSignal): Promise<void> {
    try {
      await waitUntil(
        "the driver's supervisor",
        async () => {
          if (await readState(container)) return arrived(undefined)
          const info = await container.inspect()
          if (info.State.Running) return notYet('the container is running')
          throw await this.#startFailure(container, exitText(info), signal)
        },
        { timeoutMs: START_TIMEOUT_MS, signal },
      )
    } catch (error) {
      if (error instanceof WaitTimeout) throw await this.#startFailure(container, error.message, signal)
      throw error
    }
  }

  async #startFailure(container: Docker.Container, why: string, signal: AbortSignal): Promise<CliError> {
    const details: string[] = []
    for await (const { text } of readLog(container, { tail: 12, follow: false }, signal)) details.push(text)
    return new CliError('QUERY_FAILED', `the driver's container did not start: ${why}`, {
      details,
      hint: 'Check that SPARK_IMAGE is an image of Spark with Python 3.',
    })
  }

  /** Saves the container's log, then removes the container. */
  async #removeContainer(container: Docker.Container): Promise<void> {
    try {
      await this.#saveLog(container)
      await container.remove({ force: true, v: true })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  async #saveLog(container: Docker.Container): Promise<void> {
    await mkdir(dirname(this.#oldLog), { recursive: true })
    const size = (await stat(this.#oldLog).catch(() => undefined))?.size ?? 0
    if (size > MAX_LOG_BYTES) await rename(this.#oldLog, `${this.#oldLog}.1`)
    const lines = readLog(container, { tail: undefined, follow: false }, new AbortController().signal)
    const text = async function* () {
      for await (const line of lines) yield `${line.text}\n`
    }
    await pipeline(Readable.from(text()), createWriteStream(this.#oldLog, { flags: 'a', mode: 0o600 }))
  }
}

async function readState(container: Docker.Container): Promise<SupervisorState | undefined> {
  const text = await readTextFile(container, STATE_FILE)
  return supervisorStateSchema.safeParse(parseJson(text ?? '')).data
}

/** 304: the container had already stopped. */
function ignoreStopped(error: unknown): void {
  if (statusCode(error) !== 304 && !isNotFound(error)) throw error
}

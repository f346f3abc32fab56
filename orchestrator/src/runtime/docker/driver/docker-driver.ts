import { createWriteStream } from 'node:fs'
import { mkdir, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type Docker from 'dockerode'
import { CliError, errorMessage } from '../../../errors.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from '../../../system/wait.ts'
import { alreadyDriven } from '../../driver-state.ts'
import type { DriverStatus, StopOutcome, Submission } from '../../runtime.ts'
import type { SupervisorState } from '../../supervisor-state.ts'
import { putFiles, readTextFile } from '../container/files.ts'
import { type FoundContainer, isNotFound, statusCode } from '../container/found.ts'
import { readLog } from '../container/log-lines.ts'
import { DRIVER, type Project } from '../container/project.ts'
import { endText } from '../container/state.ts'
import { requirePort } from '../stack/port-check.ts'
import type { Stack } from '../stack/stack.ts'
import { driverFiles } from './files.ts'
import { driverSpec, STATE_FILE } from './spec.ts'
import { containerDriverStatus } from './status.ts'

const START_TIMEOUT_MS = 30_000
const MAX_LOG_BYTES = 50_000_000

/** The driver of one project folder: a container of its own, with the supervisor as its main process. */
export class DockerDriver {
  readonly #stack: Stack
  /** Where the logs of containers that were removed are kept. */
  readonly #oldLog: string

  constructor(stack: Stack, oldLog: string) {
    this.#stack = stack
    this.#oldLog = oldLog
  }

  find = (): Promise<FoundContainer[]> => this.#stack.containers(DRIVER)

  /** @throws CliError LOCKED when a driver lives already. */
  async start(submission: Submission, jars: readonly string[], signal: AbortSignal): Promise<void> {
    const project = await this.#stack.requireProject()
    await this.#stack.runningMaster()
    await this.#clear()
    await requirePort(this.#stack, this.#stack.context.config.ports.sparkUi, 'SPARK_UI_PORT', "Spark's UI")
    const files = await driverFiles(submission, jars)
    signal.throwIfAborted()
    const container = await this.#create(project, submission)
    try {
      await putFiles(container, '/', files)
      signal.throwIfAborted()
      await container.start()
      await this.#untilSupervised(container, signal)
    } catch (error) {
      await this.#discard(container)
      throw error
    }
  }

  async status(): Promise<DriverStatus | undefined> {
    const [driver] = await this.find()
    if (!driver || driver.info.State.Status === 'created') return undefined // its making was interrupted
    return containerDriverStatus(await readState(driver.container), driver.info)
  }

  async stop(deadlineMs: number, signal: AbortSignal): Promise<StopOutcome> {
    const [driver] = await this.find()
    if (!driver) return 'not-running'
    const { container, info } = driver
    let outcome: StopOutcome = 'not-running'
    if (info.State.Running) {
      // Should this command be killed from here on, no restarted engine brings back what was to stop.
      await container.update({ RestartPolicy: { Name: 'no' } }).catch(() => undefined)
      await container.stop({ t: Math.ceil(deadlineMs / 1000), abortSignal: signal }).catch(ignoreStopped)
      signal.throwIfAborted() // the container goes on ending; a second `stop` hurries it
      const { State } = await container.inspect()
      outcome = State.ExitCode === 137 ? 'killed' : 'stopped'
    }
    await this.#discard(container)
    return outcome
  }

  /** Starts a driver again that ended against its will, when nothing else did so. */
  async heal(): Promise<boolean> {
    const [driver] = await this.find()
    const status = await this.status()
    if (!driver || status?.state !== 'lost') return false
    await driver.container.start()
    return true
  }

  /** Takes an ended driver away. */
  async #clear(): Promise<void> {
    const [driver] = await this.find()
    if (!driver) return
    if (driver.info.State.Running) throw alreadyDriven(`container ${driver.info.Name.slice(1)}`)
    await this.#discard(driver.container)
  }

  async #create(project: Project, submission: Submission): Promise<Docker.Container> {
    const { docker } = await this.#stack.engine()
    try {
      return await docker.createContainer(driverSpec(project, this.#stack.context.config, submission))
    } catch (error) {
      if (statusCode(error) === 409) throw alreadyDriven(`container ${project.driverContainer}`)
      throw new CliError(
        'CLUSTER_UNREACHABLE',
        `the driver's container could not be made: ${errorMessage(error)}`,
        {
          hint: 'Look at the cluster with `cpu-anomaly status`; `cpu-anomaly up` repairs what is half up.',
          cause: error,
        },
      )
    }
  }

  async #untilSupervised(container: Docker.Container, signal: AbortSignal): Promise<void> {
    try {
      await waitUntil(
        "the driver's supervisor",
        async () => {
          if (await readState(container)) return arrived(undefined)
          const info = await container.inspect()
          if (info.State.Running) return notYet('the container runs')
          throw await this.#endedAtOnce(container, endText(info), signal)
        },
        { timeoutMs: START_TIMEOUT_MS, signal },
      )
    } catch (error) {
      if (error instanceof WaitTimeout) throw await this.#endedAtOnce(container, error.message, signal)
      throw error
    }
  }

  async #endedAtOnce(container: Docker.Container, why: string, signal: AbortSignal): Promise<CliError> {
    const details: string[] = []
    for await (const { text } of readLog(container, { tail: 12, follow: false }, signal)) details.push(text)
    return new CliError('QUERY_FAILED', `the driver's container ended at once: ${why}`, {
      details,
      hint: 'Is SPARK_IMAGE an image of Spark with Python 3?',
    })
  }

  /** Removes the container; its log goes on in the folder's own. */
  async #discard(container: Docker.Container): Promise<void> {
    try {
      await this.#keepLog(container)
      await container.remove({ force: true, v: true })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  async #keepLog(container: Docker.Container): Promise<void> {
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
  return text ? (JSON.parse(text) as SupervisorState) : undefined
}

/** 304: it had stopped by itself meanwhile. */
function ignoreStopped(error: unknown): void {
  if (statusCode(error) !== 304 && !isNotFound(error)) throw error
}

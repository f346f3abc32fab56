import { join } from 'node:path'
import { z } from 'zod'
import { CliError } from '../../errors.ts'
import { stateFile } from '../../system/state-file.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from '../../system/wait.ts'
import type { DriverLaunch } from '../local/driver-launch.ts'
import type { CheckpointStore, DriverStatus, RuntimeContext, StopOutcome, Submission } from '../runtime.ts'
import { type Application, type Attempt, attemptsOf, findApplication, hasEnded } from './application.ts'
import { applicationStatus, LIFE_FILE, lifeOf } from './application-status.ts'
import { Launcher } from './launcher.ts'
import { isContainerGone } from './node-manager.ts'
import type { ResourceManager } from './resource-manager.ts'
import type { YarnTags } from './tags.ts'

/** Written before anything is sent to YARN: the application is found by its tag, whatever happens to the command. */
const recordSchema = z.object({ tag: z.string(), submittedAt: z.string() })

/** Which application a driver is asked to stop for; `cpu_anomaly/remote.py` reads it. */
const STOP_FILE = 'cpu-anomaly-stop.json'

const POLL_MS = 500
const KILL_TIMEOUT_MS = 60_000
const CONTAINER_TIMEOUT_MS = 30_000

export interface Found {
  readonly application: Application
  readonly attempts: readonly Attempt[]
}

/** The driver of one project folder in the application master of a YARN application. YARN supervises it. */
export class ClusterDriver {
  readonly launcher: Launcher
  readonly #checkpoint: CheckpointStore
  readonly #manager: () => Promise<ResourceManager>
  readonly #record

  constructor(
    context: RuntimeContext,
    files: { secretsFile: string; propertiesFile: string },
    checkpoint: CheckpointStore,
    manager: () => Promise<ResourceManager>,
  ) {
    this.launcher = new Launcher(context, files)
    this.#checkpoint = checkpoint
    this.#manager = manager
    this.#record = stateFile(join(context.storage.run, 'yarn-application.json'), recordSchema)
  }

  async start(
    submission: Submission,
    tags: YarnTags,
    launch: DriverLaunch,
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted()
    await this.#record.write({ tag: tags.own, submittedAt: new Date().toISOString() })
    try {
      await this.launcher.start(submission, launch, signal)
    } catch (error) {
      await this.#forget()
      throw error
    }
  }

  /** @throws CliError CLUSTER_UNREACHABLE when YARN does not answer: then it is not known whether the job runs. */
  async status(): Promise<DriverStatus | undefined> {
    const record = await this.#record.read()
    if (!record) return undefined
    let found = await this.find()
    const launcher = found ? undefined : await this.launcher.find(record.tag)
    if (!launcher) found ??= await this.find() // it has ended in between
    if (found) {
      const life = lifeOf(found.application, await this.#checkpoint.read(LIFE_FILE))
      return applicationStatus(found.application, found.attempts, life)
    }
    const common = { attempt: 1, restarts: 0, startedAt: record.submittedAt }
    return launcher
      ? { ...common, state: 'starting', pid: launcher.pid, reason: 'spark-submit sends the job to YARN' }
      : { ...common, state: 'failed', reason: await this.launcher.failure() }
  }

  /** The application of the last submit, if YARN has it. */
  async find(): Promise<Found | undefined> {
    const record = await this.#record.read()
    if (!record) return undefined
    const manager = await this.#manager()
    const application = await findApplication(manager, record.tag)
    return application && { application, attempts: await attemptsOf(manager, application) }
  }

  /** Asks the driver to stop between two batches; has YARN kill it at the deadline. */
  async stop(timeoutMs: number, signal: AbortSignal): Promise<StopOutcome> {
    const record = await this.#record.read()
    if (!record) return 'not-running'
    await this.launcher.end(record.tag)
    const found = await this.find()
    let outcome: StopOutcome = 'not-running'
    if (found && !hasEnded(found.application)) {
      const isStopped = await this.#stopsItself(found.application, timeoutMs, signal)
      if (!isStopped) await this.#kill(found.application)
      // One that waits for its container has nothing to end.
      outcome = isStopped || found.application.state !== 'RUNNING' ? 'stopped' : 'killed'
      await this.#untilGone()
    }
    await this.#forget()
    return outcome
  }

  /** True if it did within this time. If the signal aborts, the driver keeps stopping. */
  async #stopsItself({ id, state }: Application, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (state !== 'RUNNING') return false
    try {
      await this.#checkpoint.write(STOP_FILE, JSON.stringify({ application: id }))
    } catch {
      return false // the checkpoint is out of reach for the driver, too
    }
    return this.#untilEnded(timeoutMs, signal)
  }

  async #kill({ id }: Application): Promise<void> {
    await (await this.#manager()).kill(id)
    if (!(await this.#untilEnded(KILL_TIMEOUT_MS))) throw stillThere(`application ${id}`)
  }

  async #untilEnded(timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    const check = async () => {
      const found = await this.find()
      return !found || hasEnded(found.application) ? arrived(true) : notYet(found.application.state)
    }
    const options = { timeoutMs, intervalMs: POLL_MS, ...(signal && { signal }) }
    return waitUntil('the end of the application', check, options).catch(falseIfLate)
  }

  /** YARN calls an application ended before the last container of its driver is gone. */
  async #untilGone(): Promise<void> {
    const last = (await this.find())?.attempts.at(-1)
    if (!last) return
    const { scheme } = await this.#manager()
    const check = async () => ((await isContainerGone(scheme, last)) ? arrived(true) : notYet('it is there'))
    const options = { timeoutMs: CONTAINER_TIMEOUT_MS, intervalMs: POLL_MS }
    const isGone = await waitUntil('the end of the container', check, options).catch(falseIfLate)
    if (!isGone) throw stillThere(`${last.containerId} on ${last.nodeHttpAddress}`)
  }

  async #forget(): Promise<void> {
    await this.#record.remove()
    await this.launcher.removeFiles()
  }
}

const stillThere = (what: string): CliError =>
  new CliError('LOCKED', `${what} has not ended, although YARN was asked to kill it`, {
    hint: 'Run the command again, or have an administrator of the cluster end it.',
  })

const falseIfLate = (error: unknown): boolean => {
  if (error instanceof WaitTimeout) return false
  throw error
}

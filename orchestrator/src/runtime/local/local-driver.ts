import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { isRemoteCheckpoint } from '../../config/checkpoint-location.ts'
import { CliError } from '../../errors.ts'
import { packageRoot } from '../../package/root.ts'
import { findProcess } from '../../system/find-process.ts'
import { requireFreePort } from '../../system/ports.ts'
import {
  endProcess,
  identify,
  isAlive,
  type ProcessIdentity,
  processSchema,
  sendSignal,
  waitUntilGone,
} from '../../system/process-identity.ts'
import { type Command, spawnDetached } from '../../system/run.ts'
import { stateFile } from '../../system/state-file.ts'
import { WaitTimeout } from '../../system/wait.ts'
import {
  type DriverStatus,
  JOB_FILE,
  type RuntimeContext,
  type StopOutcome,
  type Submission,
} from '../runtime.ts'
import { MAX_LOG_BYTES, supervisorArgs } from '../supervisor-args.ts'
import { driverStatus, type SupervisorState, supervisorStateSchema } from '../supervisor-state.ts'
import type { DriverLaunch } from './driver-launch.ts'
import { fileUri } from './java-options.ts'
import { writeJobFiles } from './job-files.ts'
import { propertiesText } from './properties.ts'
import { remoteCommits } from './remote-commits.ts'

const recordSchema = z.object({ supervisor: processSchema })
type SupervisorRecord = z.infer<typeof recordSchema>

/** The driver of one project folder and its supervisor (`spark-job/supervise.py`). Both outlive the terminal. */
export class LocalDriver {
  readonly logFile: string
  readonly secretsFile: string
  readonly propertiesFile: string
  readonly #context: RuntimeContext
  readonly #state
  readonly #record

  constructor(context: RuntimeContext) {
    this.#context = context
    this.logFile = join(context.storage.logs, 'driver.log')
    this.secretsFile = join(context.storage.run, 'kafka-secrets.json')
    this.propertiesFile = join(context.storage.run, 'spark-secrets.properties')
    this.#state = stateFile(join(context.storage.run, 'driver.json'), supervisorStateSchema)
    this.#record = stateFile(join(context.storage.run, 'supervisor.json'), recordSchema)
  }

  async start(submission: Submission, launch: DriverLaunch, signal: AbortSignal): Promise<void> {
    const { storage, config } = this.#context
    await requireFreePort(config.ports.sparkUi, 'SPARK_UI_PORT', "Spark's UI")
    signal.throwIfAborted()
    await this.#removeFiles()
    await writeJobFiles(storage.rendered, submission.files)
    await writeFile(this.secretsFile, JSON.stringify(submission.secrets), { mode: 0o600 })
    await writeFile(this.propertiesFile, propertiesText(submission.sparkSecrets), { mode: 0o600 })
    const pid = await spawnDetached(this.#command(launch, submission), {
      cwd: storage.root,
      env: this.#isRemote ? { ...launch.env, CPU_ANOMALY_COMMITS: this.#commits } : launch.env,
      logFile: this.logFile,
    })
    const supervisor = await identify(pid)
    if (!supervisor)
      throw new CliError('QUERY_FAILED', 'the supervisor exited at once', { hint: `See ${this.logFile}.` })
    await this.#record.write({ supervisor })
  }

  async status(): Promise<DriverStatus | undefined> {
    const [state, record] = await Promise.all([this.#state.read(), this.#record.read()])
    const supervisor = await this.#supervisor(record)
    const driver = await this.#driver(state, supervisor)
    if (!record && !supervisor && !driver) return undefined
    return driverStatus(state, {
      ...(supervisor && { supervisorPid: supervisor.pid }),
      isSupervisorAlive: supervisor !== undefined,
      isDriverAlive: driver !== undefined,
    })
  }

  async stop(timeoutMs: number, signal: AbortSignal): Promise<StopOutcome> {
    const [state, record] = await Promise.all([this.#state.read(), this.#record.read()])
    const supervisor = await this.#supervisor(record)
    const before = await this.#driver(state, supervisor)
    let outcome: StopOutcome = supervisor || before ? 'stopped' : 'not-running'
    if (supervisor) outcome = await this.#stopSupervisor(supervisor, timeoutMs, signal)
    // The supervisor ends the driver, unless it was killed first.
    const driver = before ?? (await this.#driver(state))
    if (driver && (await endProcess(driver, { termTimeoutMs: 10_000, group: true })) !== 'was-gone')
      outcome = 'killed'
    await this.#removeFiles()
    return outcome
  }

  /** If the signal aborts, the driver keeps stopping; a second `stop` kills it. */
  async #stopSupervisor(
    supervisor: ProcessIdentity,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<StopOutcome> {
    sendSignal(supervisor.pid, 'SIGTERM')
    try {
      await waitUntilGone(supervisor, timeoutMs, signal)
      return 'stopped'
    } catch (error) {
      if (!(error instanceof WaitTimeout)) throw error
      sendSignal(supervisor.pid, 'SIGTERM') // the second one makes it kill the driver at once
      await endProcess(supervisor, { termTimeoutMs: 10_000 })
      return 'killed'
    }
  }

  /** The supervisor, if it is alive; also one that was not recorded, since `submit` was killed or its record removed. */
  async #supervisor(record: SupervisorRecord | undefined): Promise<ProcessIdentity | undefined> {
    if (record && (await isAlive(record.supervisor))) return record.supervisor
    return findProcess((commandLine) => this.#isSupervisor(commandLine))
  }

  /** The driver, if it is alive; also one that its supervisor has not recorded before it was killed. */
  async #driver(
    state: SupervisorState | undefined,
    supervisor?: ProcessIdentity,
  ): Promise<ProcessIdentity | undefined> {
    if (state?.driver_pid && state.driver_start) {
      const driver = { pid: state.driver_pid, startToken: state.driver_start }
      if (await isAlive(driver)) return driver
    }
    if (supervisor) return undefined // it will end or restart the driver
    const { rendered } = this.#context.storage
    const isSubmit = /\bspark-?submit\b/i
    return findProcess(
      (line) =>
        isSubmit.test(line) && line.endsWith(` ${join(rendered, JOB_FILE)}`) && !this.#isSupervisor(line),
    )
  }

  #isSupervisor(commandLine: string): boolean {
    return commandLine.includes(`supervise.py --state ${this.#state.path} `)
  }

  async #removeFiles(): Promise<void> {
    await Promise.all([
      this.#state.remove(),
      this.#record.remove(),
      rm(this.secretsFile, { force: true }),
      rm(this.propertiesFile, { force: true }),
    ])
  }

  get #isRemote(): boolean {
    return isRemoteCheckpoint(this.#context.config.spark.checkpoint)
  }

  /** Where the supervisor sees commits: of a checkpoint that it cannot read, the driver shows them in a folder. */
  get #commits(): string {
    const { storage, config } = this.#context
    const { checkpoint } = config.spark
    return isRemoteCheckpoint(checkpoint)
      ? remoteCommits(storage, checkpoint)
      : join(storage.checkpoint, 'commits')
  }

  #command({ python, sparkSubmit }: DriverLaunch, submission: Submission): Command {
    const { run, rendered } = this.#context.storage
    const driver = {
      stateFile: this.#state.path,
      stopFile: join(run, 'stop'),
      readyFile: join(run, 'ready'),
      commits: this.#commits,
      sparkSubmit,
      jobFile: fileUri(join(rendered, JOB_FILE)), // spark-submit would cut a path at its first #
      options: ['--rotate-log', this.logFile, '--max-bytes', String(MAX_LOG_BYTES)],
    }
    return [python, [join(packageRoot, 'spark-job', 'supervise.py'), ...supervisorArgs(driver, submission)]]
  }
}

import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CliError } from '../../errors.ts'
import { packageRoot } from '../../package/root.ts'
import { requireFreePort } from '../../system/ports.ts'
import {
  endProcess,
  identify,
  isAlive,
  type ProcessIdentity,
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
import { driverStatus, type SupervisorState } from '../supervisor-state.ts'
import type { DriverLaunch } from './driver-launch.ts'
import { fileUri } from './java-options.ts'
import { writeJobFiles } from './job-files.ts'

interface SupervisorRecord {
  readonly supervisor: ProcessIdentity
}

/** The driver of one project folder and its supervisor (`spark-job/supervise.py`). Both outlive the terminal. */
export class LocalDriver {
  readonly logFile: string
  readonly secretsFile: string
  readonly #context: RuntimeContext
  readonly #state
  readonly #record

  constructor(context: RuntimeContext) {
    this.#context = context
    this.logFile = join(context.storage.logs, 'driver.log')
    this.secretsFile = join(context.storage.run, 'kafka-secrets.json')
    this.#state = stateFile<SupervisorState>(join(context.storage.run, 'driver.json'), ['state'])
    this.#record = stateFile<SupervisorRecord>(join(context.storage.run, 'supervisor.json'), ['supervisor'])
  }

  async start(submission: Submission, launch: DriverLaunch, signal: AbortSignal): Promise<void> {
    const { storage, config } = this.#context
    await requireFreePort(config.ports.sparkUi, 'SPARK_UI_PORT', "Spark's UI")
    signal.throwIfAborted()
    await this.#removeFiles()
    await writeJobFiles(storage.rendered, submission.files)
    await writeFile(this.secretsFile, JSON.stringify(submission.secrets), { mode: 0o600 })
    const pid = await spawnDetached(this.#command(launch, submission), {
      cwd: storage.root,
      env: launch.env,
      logFile: this.logFile,
    })
    const supervisor = await identify(pid)
    if (!supervisor)
      throw new CliError('QUERY_FAILED', 'the supervisor exited at once', { hint: `See ${this.logFile}.` })
    await this.#record.write({ supervisor })
  }

  async status(): Promise<DriverStatus | undefined> {
    const [state, record] = await Promise.all([this.#state.read(), this.#record.read()])
    if (!record) return undefined
    const isSupervisorAlive = await isAlive(record.supervisor)
    const driver = state && (await this.#driverProcess(state))
    return driverStatus(state, {
      supervisorPid: record.supervisor.pid,
      isSupervisorAlive,
      isDriverAlive: driver !== undefined,
    })
  }

  async stop(timeoutMs: number, signal: AbortSignal): Promise<StopOutcome> {
    const [state, record] = await Promise.all([this.#state.read(), this.#record.read()])
    const driver = state && (await this.#driverProcess(state))
    const isSupervisorAlive = record !== undefined && (await isAlive(record.supervisor))
    if (!isSupervisorAlive && !driver) {
      await this.#removeFiles()
      return 'not-running'
    }
    let outcome: StopOutcome = 'stopped'
    if (isSupervisorAlive) outcome = await this.#stopSupervisor(record.supervisor, timeoutMs, signal)
    // The supervisor ends the driver, unless it was killed first.
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

  async #driverProcess(state: SupervisorState): Promise<ProcessIdentity | undefined> {
    if (!state.driver_pid || !state.driver_start) return undefined
    const driver = { pid: state.driver_pid, startToken: state.driver_start }
    return (await isAlive(driver)) ? driver : undefined
  }

  async #removeFiles(): Promise<void> {
    await Promise.all([this.#state.remove(), this.#record.remove(), rm(this.secretsFile, { force: true })])
  }

  #command({ python, sparkSubmit }: DriverLaunch, submission: Submission): Command {
    const { run, rendered, checkpoint } = this.#context.storage
    const driver = {
      stateFile: this.#state.path,
      stopFile: join(run, 'stop'),
      readyFile: join(run, 'ready'),
      checkpoint,
      sparkSubmit,
      jobFile: fileUri(join(rendered, JOB_FILE)), // spark-submit would cut a path at its first #
      options: ['--rotate-log', this.logFile, '--max-bytes', String(MAX_LOG_BYTES)],
    }
    return [python, [join(packageRoot, 'spark-job', 'supervise.py'), ...supervisorArgs(driver, submission)]]
  }
}

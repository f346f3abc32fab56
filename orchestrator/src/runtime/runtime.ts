import type { Config, RuntimeName } from '../config/config.ts'
import type { KafkaAccess } from '../kafka/access.ts'
import type { StoragePaths } from '../storage/paths.ts'
import type { ShellEnvironment } from '../system/child-environment.ts'
import type { LogOptions } from '../system/follow-file.ts'
import type { Output } from '../terminal/output.ts'

/**
 * Where Kafka and Spark run. A runtime starts, watches and stops processes of its kind and does nothing else: topics,
 * rendering, the manifest, the driver's log and every message are common to all runtimes.
 */
export interface Runtime {
  readonly name: RuntimeName
  /** How clients on this machine reach the broker. */
  readonly kafka: KafkaAccess
  readonly sparkUi: string
  /** What the job's driver and executors see, wherever they run. */
  readonly job: JobEnvironment
  readonly checkpoint: CheckpointStore

  /**
   * Checks what `up` needs before anything is started.
   * @throws CliError TOOL_MISSING, DOCKER_UNAVAILABLE, PORT_TAKEN or STORAGE.
   */
  preflight(signal: AbortSignal): Promise<void>
  /** Installs what is missing, then starts what is not running. Idempotent: it completes a stack of which only parts run. */
  start(output: Output, signal: AbortSignal): Promise<void>
  /**
   * Which engine has the containers and volumes. A runtime without containers has none.
   * @throws CliError DOCKER_UNAVAILABLE when none answers.
   */
  readonly engine?: () => Promise<EngineIdentity>
  /** The id of the cluster that this folder's broker serves; undefined while its process or container does not run. */
  runningClusterId(): Promise<string | undefined>
  /** The state of each part, checked now; never taken from a file alone. */
  parts(): Promise<PartStatus[]>
  /** Stops Spark, then the broker, and returns what it stopped. Safe to call twice. */
  stop(signal: AbortSignal): Promise<StoppedPart[]>
  /** Removes Kafka's data and the checkpoint together, and returns what it removed. Everything must be stopped. */
  removeVolumes(): Promise<string[]>

  /** Starts the driver under the supervisor (`spark-job/supervise.py`); returns once the supervisor runs. */
  startDriver(submission: Submission, signal: AbortSignal): Promise<void>
  /** The state that the supervisor recorded, corrected by which processes are alive. Undefined if there is no job. */
  driver(): Promise<DriverStatus | undefined>
  /** Stops driver and supervisor: cleanly first, by force after this time. */
  stopDriver(timeoutMs: number, signal: AbortSignal): Promise<StopOutcome>

  /** Lines of a part's log, oldest first; with `follow`, new lines too until the signal aborts. */
  logs(part: LogPart, options: LogOptions, signal: AbortSignal): AsyncIterable<string>
  /** Checks for `doctor`: does this machine have what the runtime needs? */
  checks(): DoctorCheck[]
}

/** Two engines differ if their ids do; without ids, if their addresses do. */
export interface EngineIdentity {
  /** As in DOCKER_HOST. */
  readonly url: string
  readonly id?: string | undefined
}

/** The environment in which the job runs: paths and addresses as the driver sees them. */
export interface JobEnvironment {
  readonly master: string
  /** Task slots that this master offers. */
  readonly slots: number
  /** The master for another number of slots; undefined unless slots are threads of one JVM. */
  readonly masterWithSlots?: (slots: number) => string
  /** Undefined if the image's tag does not name it. */
  readonly sparkVersion: string | undefined
  readonly kafka: KafkaAccess
  /** Path or URI of the query's checkpoint. */
  readonly checkpoint: string
  /** Where a submission's `BASELINE_FILE` is, if it has one. */
  readonly baselineFile: string
  /** File with Kafka's secrets, readable only by its owner; undefined if there are none. */
  readonly secretsFile: string | undefined
  readonly connectorJars: readonly string[]
  /** Spark properties that this runtime fixes: addresses, ports, security. */
  readonly sparkConf: Readonly<Record<string, string>>
}

/** The query's checkpoint, and small text files that are kept in it. */
export interface CheckpointStore {
  /** Where it is, for messages. */
  readonly location: string
  read(name: string): Promise<string | undefined>
  write(name: string, text: string): Promise<void>
  /** True once a query has committed a batch to it. */
  hasCommits(): Promise<boolean>
  /** Moves the whole checkpoint aside and returns its new location. Deletes nothing. */
  setAside(): Promise<string>
}

/** One file of the job. */
export interface JobFile {
  /** Relative, with forward slashes: `job.py`, `cpu_anomaly/windows.py`. */
  readonly path: string
  readonly text: string
}

/** The file that spark-submit runs; it imports the others, which lie beside it. */
export const JOB_FILE = 'job.py'

/** The file of a submission that has the normals of series and hours. */
export const BASELINE_FILE = 'baseline.csv'

export interface Submission {
  /** The rendered `job.py` first, then the modules that it imports, then the baseline if there is one. */
  readonly files: readonly JobFile[]
  /** The arguments of spark-submit before the job's path. */
  readonly submitArgs: readonly string[]
  /** How long the supervisor waits for a clean stop before it kills the driver. */
  readonly stopTimeoutMs: number
  /** Kafka client properties that are secret: written to `secretsFile`, never to arguments or environment variables. */
  readonly secrets: Readonly<Record<string, string>>
}

export interface PartStatus {
  readonly part: 'kafka' | 'spark-master' | 'spark-worker'
  readonly state: 'running' | 'starting' | 'unhealthy' | 'stopped'
  readonly address?: string
  readonly detail?: string
  readonly pid?: number
  readonly container?: string
}

export interface StoppedPart {
  readonly part: string
  /** What was verified to be gone: `pid 4711`, `container cpu-anomaly-kafka-1`, `port 9093`. */
  readonly gone: readonly string[]
}

/** `killed`: by force, because the driver did not stop in time. */
export type StopOutcome = 'stopped' | 'killed' | 'not-running'

export interface DriverStatus {
  /**
   * `running`: the driver has loaded its state and processes records or waits for them; `starting` before that.
   * `orphaned`: the driver runs without its supervisor. `lost`: both were killed (reboot, kill -9) and recorded nothing.
   */
  readonly state:
    | 'starting'
    | 'running'
    | 'backing-off'
    | 'gave-up'
    | 'failed'
    | 'stopped'
    | 'orphaned'
    | 'lost'
  readonly attempt: number
  readonly restarts: number
  readonly startedAt: string
  /** When the supervisor recorded this state: for a driver that ended, when it ended. */
  readonly since?: string
  readonly pid?: number
  readonly supervisorPid?: number
  readonly container?: string
  readonly exitCode?: number
  /** Why the driver is in this state, if that is known. */
  readonly reason?: string
}

export type LogPart = 'kafka' | 'spark' | 'driver'

export interface DoctorCheck {
  readonly title: string
  /** Resolves to what it found; rejects with a CliError whose hint says what to do. */
  run(signal: AbortSignal): Promise<string>
}

/** What every runtime is constructed from. */
export interface RuntimeContext {
  readonly config: Config
  readonly storage: StoragePaths
  /** The variables of the shell; `childEnvironment` says which of them a child gets. */
  readonly env: ShellEnvironment
}

/** A runtime with the settings and the folder that it was chosen for. */
export interface Selected {
  readonly runtime: Runtime
  readonly config: Config
  readonly storage: StoragePaths
  /** Why this runtime was chosen; `up` shows it in its first line. */
  readonly why: string
}

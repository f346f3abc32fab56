import type { Config, RuntimeName } from '../config/config.ts'
import type { KafkaAccess } from '../kafka/access.ts'
import type { StoragePaths } from '../storage/paths.ts'
import type { LogOptions } from '../system/follow-file.ts'
import type { Output } from '../terminal/output.ts'

/**
 * Where Kafka and Spark run. A runtime knows how to start, watch and stop processes of its kind and nothing
 * else: topics, rendering, the manifest, what the driver's log says and every word to the user are common.
 */
export interface Runtime {
  readonly name: RuntimeName
  /** How clients on this machine reach the broker. */
  readonly kafka: KafkaAccess
  readonly sparkUi: string
  /** How the job, wherever its driver and executors run, sees the world. */
  readonly job: JobPlace
  readonly checkpoint: CheckpointStore

  /** What `up` would need and does not find, before anything is started: missing tools, taken ports. */
  preflight(signal: AbortSignal): Promise<void>
  /** Installs what is missing, then starts what is not running. Idempotent: heals what is half up. */
  start(output: Output, signal: AbortSignal): Promise<void>
  /** State of each part, from looking at it now; never from a file alone. */
  parts(): Promise<PartStatus[]>
  /** Stops broker and Spark, newest first. Safe to call twice. Says what it stopped. */
  stop(signal: AbortSignal): Promise<StoppedPart[]>
  /** Removes Kafka's data and the checkpoint together; everything must be stopped. */
  removeVolumes(): Promise<string[]>

  /** Starts the driver under the supervisor (`spark-job/supervise.py`); returns when the supervisor runs. */
  startDriver(submission: Submission, signal: AbortSignal): Promise<void>
  /** The supervisor's own account, corrected by what really lives. Undefined: never submitted, or stopped and gone. */
  driver(): Promise<DriverStatus | undefined>
  /** Stops driver and supervisor: gracefully first, then by force at the deadline. */
  stopDriver(deadlineMs: number, signal: AbortSignal): Promise<StopOutcome>

  /** Lines of a part's log, oldest first; follows until the signal aborts when asked. */
  logs(part: LogPart, options: LogOptions, signal: AbortSignal): AsyncIterable<string>
  /** Titled checks of what this runtime needs of the machine, for `doctor`. */
  checks(): DoctorCheck[]
}

/** The job's side of the runtime: paths and addresses as the driver sees them. */
export interface JobPlace {
  readonly master: string
  /** Task slots that this master offers. */
  readonly slots: number
  /** Where slots are threads of one JVM: a master with so many of them. */
  readonly masterWith?: (slots: number) => string
  /** Undefined where it cannot be told from the image's tag. */
  readonly sparkVersion: string | undefined
  readonly kafka: KafkaAccess
  /** Directory or URI of the query's checkpoint. */
  readonly checkpoint: string
  /** Path of a file only its owner can read, with Kafka's secrets; undefined when there are none. */
  readonly secretsFile: string | undefined
  readonly connectorJars: readonly string[]
  /** Spark properties that this runtime fixes: addresses, ports, security. */
  readonly sparkConf: Readonly<Record<string, string>>
}

/** Small text files that live with the checkpoint and share its fate. */
export interface CheckpointStore {
  /** Where it is, in words for the user. */
  readonly location: string
  read(name: string): Promise<string | undefined>
  write(name: string, text: string): Promise<void>
  /** Has a query ever committed into it? */
  exists(): Promise<boolean>
  /** Moves the whole checkpoint aside (never deletes it) and returns where to. */
  setAside(): Promise<string>
}

/** One file of the job's Python code. */
export interface JobFile {
  /** Relative, with forward slashes: `job.py`, `cpu_anomaly/windows.py`. */
  readonly path: string
  readonly text: string
}

/** The file that spark-submit runs; it imports the others, which lie beside it. */
export const JOB_FILE = 'job.py'

export interface Submission {
  /** The rendered `job.py` first, then the modules that it imports. */
  readonly files: readonly JobFile[]
  /** What spark-submit gets before the job's path. */
  readonly submitArgs: readonly string[]
  /** How long the supervisor gives a clean stop before it kills the driver. */
  readonly stopTimeoutMs: number
  /** Kafka's secrets as Kafka client properties; written where `secretsFile` says, never into argv or environment. */
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
  /** What was stopped and is proven gone: `pid 4711`, `container cpu-anomaly-kafka-1`, `port 9093`. */
  readonly gone: readonly string[]
}

/** `killed`: it did not end in time, or not of its own. */
export type StopOutcome = 'stopped' | 'killed' | 'not-running'

export interface DriverStatus {
  /** `orphaned`: the driver lives, its supervisor does not. `lost`: both died without a word (reboot, kill -9). */
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
  readonly pid?: number
  readonly supervisorPid?: number
  readonly container?: string
  readonly exitCode?: number
  /** The supervisor's reason in words, where there is one. */
  readonly reason?: string
}

export type LogPart = 'kafka' | 'spark' | 'driver'

export interface DoctorCheck {
  readonly title: string
  /** Resolves to what was found; rejects with a CliError whose hint says what to do. */
  run(signal: AbortSignal): Promise<string>
}

/** What every runtime is made from. */
export interface RuntimeContext {
  readonly config: Config
  readonly storage: StoragePaths
  /** The environment handed to child processes. */
  readonly env: Readonly<Record<string, string>>
}

/** A runtime with the settings and the folder that it was chosen for. */
export interface Selected {
  readonly runtime: Runtime
  readonly config: Config
  readonly storage: StoragePaths
  /** Why this runtime, in words for the first line of `up`. */
  readonly why: string
}

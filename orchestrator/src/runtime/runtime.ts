import type { Config } from '../config/config.ts'
import type { KafkaAccess } from '../kafka/access.ts'
import type { StoragePaths } from '../storage/paths.ts'
import type { ShellEnvironment } from '../system/child-environment.ts'

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
  /** Where the submission's `sparkSecrets` are; undefined where there are none. */
  readonly propertiesFile?: string
  readonly connectorJars: readonly string[]
  /** Further options of spark-submit. */
  readonly submitOptions?: readonly string[]
  /** Where paths without a scheme are, Hadoop's own settings say (HADOOP_CONF_DIR); else on this machine. */
  readonly hasHadoopSettings?: boolean
  /** Is it a property of the user's that the runtime reads itself, so that Spark must not get it? */
  readonly isReadHere?: (property: string) => boolean
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
  /** What to tell a person, if this machine cannot reach it and goes on without it. */
  readonly remark?: string | undefined
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
  /** Spark properties that are secret: written to `propertiesFile`. */
  readonly sparkSecrets: Readonly<Record<string, string>>
}

export interface PartStatus {
  readonly part:
    | 'kafka'
    | 'spark-master'
    | 'spark-worker'
    | 'resource-manager'
    | 'node-managers'
    | 'kubernetes'
    | 'spark-executor'
  readonly state: 'running' | 'starting' | 'unhealthy' | 'stopped'
  /** The setting that names it, if it is somebody else's. */
  readonly given?: 'KAFKA_SERVERS' | 'SPARK_MASTER'
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
  /** Of YARN, in whose cluster the driver runs. */
  readonly application?: string
  readonly pod?: string
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

import type { Config, RuntimeName } from '../config/config.ts'
import type { KafkaAccess } from '../kafka/access.ts'
import type { StoragePaths } from '../storage/paths.ts'
import type { LogOptions } from '../system/follow-file.ts'
import type { Output } from '../terminal/output.ts'
import type {
  CheckpointStore,
  DoctorCheck,
  DriverStatus,
  EngineIdentity,
  JobEnvironment,
  LogPart,
  PartStatus,
  StopOutcome,
  StoppedPart,
  Submission,
} from './runtime.ts'

/** Where Kafka is: this stack's own broker, which it starts and stops, or a given cluster, which it leaves as it is. */
export interface BrokerPlace {
  /** How clients on this machine reach it. */
  readonly kafka: KafkaAccess
  /**
   * Checks what `start` needs before anything is started; a given cluster must answer.
   * @throws CliError TOOL_MISSING, PORT_TAKEN, KAFKA_UNREACHABLE or KAFKA_REFUSED.
   */
  preflight(signal: AbortSignal): Promise<void>
  /** Installs and starts what is missing of an own broker. Idempotent. */
  start(output: Output, signal: AbortSignal): Promise<void>
  /** The id of the cluster; undefined while an own broker does not run, or a given cluster does not answer. */
  clusterId(): Promise<string | undefined>
  /** Checked now; never taken from a file alone. */
  parts(): Promise<PartStatus[]>
  /** Stops an own broker, and verifies that it is gone. Safe to call twice. */
  stop(): Promise<StoppedPart[]>
  /** @throws CliError NOT_STARTED for a given cluster, whose logs are elsewhere. */
  log(options: LogOptions, signal: AbortSignal): AsyncIterable<string>
}

/** Where Spark and the job's driver are. */
export interface SparkPlace {
  readonly name: RuntimeName
  readonly sparkUi: string
  /** What the job's driver and executors see, wherever they run. */
  readonly job: JobEnvironment
  readonly checkpoint: CheckpointStore
  /**
   * Which engine has the containers and volumes. A place without containers has none.
   * @throws CliError DOCKER_UNAVAILABLE when none answers.
   */
  readonly engine?: () => Promise<EngineIdentity>
  /** @throws CliError TOOL_MISSING, DOCKER_UNAVAILABLE, CONFIGURATION, PORT_TAKEN or STORAGE. */
  preflight(signal: AbortSignal): Promise<void>
  /** Installs what is missing, then starts what is not running. Idempotent. */
  start(output: Output, signal: AbortSignal): Promise<void>
  parts(): Promise<PartStatus[]>
  stop(signal: AbortSignal): Promise<StoppedPart[]>
  /** Removes what this stack has stored here, Kafka's data of an own broker included. Everything must be stopped. */
  removeVolumes(): Promise<string[]>
  /** Starts the driver under the supervisor (`spark-job/supervise.py`); returns once the supervisor runs. */
  startDriver(submission: Submission, signal: AbortSignal): Promise<void>
  /** The state that the supervisor recorded, corrected by which processes are alive. Undefined if there is no job. */
  driver(): Promise<DriverStatus | undefined>
  /** Stops driver and supervisor: cleanly first, by force after this time. */
  stopDriver(timeoutMs: number, signal: AbortSignal): Promise<StopOutcome>
  /** Lines of a part's log, oldest first; with `follow`, new lines too until the signal aborts. */
  logs(part: Exclude<LogPart, 'kafka'>, options: LogOptions, signal: AbortSignal): AsyncIterable<string>
  /** Checks for `doctor`: does this machine have what Spark needs here? */
  checks(): DoctorCheck[]
}

/**
 * Where the job runs: a broker place and a Spark place, composed in `stack/places.ts`. They start, watch and stop processes
 * of their kind and do nothing else: topics, rendering, the manifest, the driver's log and every message are common to all.
 */
export interface Runtime extends Omit<SparkPlace, 'logs'>, Pick<BrokerPlace, 'kafka' | 'clusterId'> {
  /** Stops an own broker alone. */
  stopKafka(): Promise<StoppedPart[]>
  /** Lines of a part's log, oldest first; with `follow`, new lines too until the signal aborts. */
  logs(part: LogPart, options: LogOptions, signal: AbortSignal): AsyncIterable<string>
}

/** A runtime with the settings and the folder that it was chosen for. */
export interface Selected {
  readonly runtime: Runtime
  readonly config: Config
  readonly storage: StoragePaths
  /** Why this runtime was chosen; `up` shows it in its first line. */
  readonly why: string
}

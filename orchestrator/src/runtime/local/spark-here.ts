import { join } from 'node:path'
import { isOnS3, isRemoteCheckpoint } from '../../config/checkpoint-location.ts'
import type { Config, RuntimeName } from '../../config/config.ts'
import type { KafkaAccess } from '../../kafka/access.ts'
import type { ChildKind } from '../../system/child-environment.ts'
import { followFile, type LogOptions } from '../../system/follow-file.ts'
import type { Output } from '../../terminal/output.ts'
import type { SparkPlace } from '../places.ts'
import type {
  CheckpointStore,
  DoctorCheck,
  DriverStatus,
  JobEnvironment,
  LogPart,
  PartStatus,
  RuntimeContext,
  StopOutcome,
  StoppedPart,
  Submission,
} from '../runtime.ts'
import { localChecks } from './checks.ts'
import { archiveOptions, classArchive } from './class-archive.ts'
import { type DriverFolders, type DriverLaunch, driverLaunch } from './driver-launch.ts'
import { folderCheckpoint } from './folder-checkpoint.ts'
import { driverJars, installSparkHere } from './install.ts'
import { installSpark } from './install-python.ts'
import { LocalDriver } from './local-driver.ts'
import { installLoopbackJar } from './loopback-jar.ts'
import { RemoteCheckpoint } from './remote-checkpoint.ts'
import { remoteCommits } from './remote-commits.ts'
import { removeStored } from './remove-stored.ts'
import { startCheckpointSession } from './start-checkpoint-session.ts'
import { findJava, requireUserName } from './tools.ts'

/** Which variables of the shell the driver gets. */
function kindOf({ spark: { checkpoint } }: Config): ChildKind {
  if (isOnS3(checkpoint)) return 's3'
  return isRemoteCheckpoint(checkpoint) ? 'hdfs' : 'java'
}

/** A driver as a process of this machine, wherever its tasks run. */
export abstract class SparkHere implements SparkPlace {
  abstract readonly name: RuntimeName
  abstract readonly job: JobEnvironment
  readonly kafka: KafkaAccess
  readonly checkpoint: CheckpointStore
  protected readonly context: RuntimeContext
  protected readonly driverHere: LocalDriver

  constructor(context: RuntimeContext, kafka: KafkaAccess) {
    this.context = context
    this.kafka = kafka
    this.checkpoint = this.#checkpointStore()
    this.driverHere = new LocalDriver(context)
  }

  #checkpointStore(): CheckpointStore {
    const { checkpoint } = this.context.config.spark
    if (!isRemoteCheckpoint(checkpoint)) return folderCheckpoint(this.context.storage.checkpoint)
    const launch = this.driverLaunch.bind(this)
    const commits = remoteCommits(this.context.storage, checkpoint)
    return new RemoteCheckpoint(checkpoint, commits, () =>
      startCheckpointSession(this.context, checkpoint, launch),
    )
  }

  get sparkUi(): string {
    return `http://localhost:${this.context.config.ports.sparkUi}`
  }

  async preflight(_signal: AbortSignal): Promise<void> {
    requireUserName()
    await findJava(this.context.env)
  }

  start(output: Output, signal: AbortSignal): Promise<void> {
    return installSparkHere(this.context, output, signal)
  }

  abstract parts(): Promise<PartStatus[]>

  async stop(): Promise<StoppedPart[]> {
    return []
  }

  removeVolumes(): Promise<string[]> {
    return removeStored(this.context.storage)
  }

  async startDriver(submission: Submission, signal: AbortSignal): Promise<void> {
    await this.driverHere.start(submission, await this.jobLaunch(signal), signal)
  }

  protected jobLaunch(signal: AbortSignal): Promise<DriverLaunch> {
    const { run, rendered } = this.context.storage
    return this.driverLaunch({ scratch: join(run, 'spark'), modules: rendered }, signal)
  }

  /** How a driver is started here, the job's or a measurement's. */
  async driverLaunch(folders: DriverFolders, signal: AbortSignal): Promise<DriverLaunch> {
    const { env, config } = this.context
    const context = { env, signal, update: () => undefined }
    const [java, spark] = await Promise.all([findJava(env), installSpark(context)])
    await installLoopbackJar(java, spark, context)
    const archive = classArchive(java, spark.sparkHome, driverJars(config))
    return driverLaunch(env, spark, archiveOptions(archive), folders, kindOf(config))
  }

  async javaVersion(): Promise<string> {
    return (await findJava(this.context.env)).version
  }

  driver(): Promise<DriverStatus | undefined> {
    return this.driverHere.status()
  }

  stopDriver(timeoutMs: number, signal: AbortSignal): Promise<StopOutcome> {
    return this.driverHere.stop(timeoutMs, signal)
  }

  /** The driver's log is Spark's log too. */
  logs(_part: Exclude<LogPart, 'kafka'>, options: LogOptions, signal: AbortSignal): AsyncIterable<string> {
    return followFile(this.driverHere.logFile, options, signal)
  }

  checks(): DoctorCheck[] {
    const { checkpoint } = this
    if (!isRemoteCheckpoint(this.context.config.spark.checkpoint)) return localChecks(this.context)
    const run = async () =>
      `${checkpoint.location}, ${(await checkpoint.hasCommits()) ? 'which a job has used' : 'empty'}`
    return [...localChecks(this.context), { title: 'checkpoint', run }]
  }
}

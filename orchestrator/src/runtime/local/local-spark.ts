import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { KafkaAccess } from '../../kafka/access.ts'
import { readStorageId } from '../../storage/mark.ts'
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
import { folderCheckpoint, setAsideFolders } from './folder-checkpoint.ts'
import { driverJars, installSparkHere } from './install.ts'
import { installSpark } from './install-python.ts'
import { localJobEnvironment } from './job-environment.ts'
import { LocalDriver } from './local-driver.ts'
import { installLoopbackJar } from './loopback-jar.ts'
import { findJava, requireUserName } from './tools.ts'

/** Spark as a process of this machine: a driver that runs its own tasks (`local[N]`). */
export class LocalSpark implements SparkPlace {
  readonly name = 'local'
  readonly kafka: KafkaAccess
  readonly sparkUi: string
  readonly checkpoint: CheckpointStore
  readonly #context: RuntimeContext
  readonly #driver: LocalDriver

  constructor(context: RuntimeContext, kafka: KafkaAccess) {
    this.#context = context
    this.kafka = kafka
    this.sparkUi = `http://localhost:${context.config.ports.sparkUi}`
    this.checkpoint = folderCheckpoint(context.storage.checkpoint)
    this.#driver = new LocalDriver(context)
  }

  /** Only what starts a job needs the cache: whatever is wrong with its folder, a stack can be stopped. */
  get job(): JobEnvironment {
    return localJobEnvironment(this.#context, this.kafka, this.#driver.secretsFile)
  }

  async preflight(): Promise<void> {
    requireUserName()
    await findJava(this.#context.env)
  }

  start(output: Output, signal: AbortSignal): Promise<void> {
    return installSparkHere(this.#context, output, signal)
  }

  /** Master and executors are threads of the driver. */
  async parts(): Promise<PartStatus[]> {
    return []
  }

  async stop(): Promise<StoppedPart[]> {
    return []
  }

  async removeVolumes(): Promise<string[]> {
    const { root, kafka, checkpoint } = this.#context.storage
    if (!(await readStorageId(root))) return [] // without its mark, the folder may not be ours
    const candidates = [kafka, checkpoint, ...(await setAsideFolders(checkpoint))]
    const folders = candidates.filter((dir) => existsSync(dir))
    for (const dir of folders) await rm(dir, { recursive: true, force: true })
    return folders
  }

  async startDriver(submission: Submission, signal: AbortSignal): Promise<void> {
    const { run, rendered } = this.#context.storage
    const launch = await this.driverLaunch({ scratch: join(run, 'spark'), modules: rendered }, signal)
    await this.#driver.start(submission, launch, signal)
  }

  /** How a driver is started here, the job's or a measurement's. */
  async driverLaunch(folders: DriverFolders, signal: AbortSignal): Promise<DriverLaunch> {
    const { env } = this.#context
    const context = { env, signal, update: () => undefined }
    const [java, spark] = await Promise.all([findJava(env), installSpark(context)])
    await installLoopbackJar(java, spark, context)
    const archive = classArchive(java, spark.sparkHome, driverJars())
    return driverLaunch(env, spark, archiveOptions(archive), folders)
  }

  async javaVersion(): Promise<string> {
    return (await findJava(this.#context.env)).version
  }

  driver(): Promise<DriverStatus | undefined> {
    return this.#driver.status()
  }

  stopDriver(timeoutMs: number, signal: AbortSignal): Promise<StopOutcome> {
    return this.#driver.stop(timeoutMs, signal)
  }

  /** The driver's log is Spark's log too. */
  logs(_part: Exclude<LogPart, 'kafka'>, options: LogOptions, signal: AbortSignal): AsyncIterable<string> {
    return followFile(this.#driver.logFile, options, signal)
  }

  checks(): DoctorCheck[] {
    return localChecks(this.#context)
  }
}

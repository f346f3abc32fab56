import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { errorMessage } from '../../errors.ts'
import type { KafkaAccess } from '../../kafka/access.ts'
import { jarFile, lockedJars } from '../../package/jars.ts'
import { SPARK_VERSION } from '../../package/tested-versions.ts'
import { readStorageId } from '../../storage/storage-folder.ts'
import { followFile, type LogOptions } from '../../system/follow-file.ts'
import type { Output } from '../../terminal/output.ts'
import { jarsDir } from '../cache.ts'
import { ownBrokerAccess } from '../own-broker.ts'
import type {
  CheckpointStore,
  DoctorCheck,
  DriverStatus,
  JobPlace,
  LogPart,
  PartStatus,
  Runtime,
  RuntimeContext,
  StopOutcome,
  StoppedPart,
  Submission,
} from '../runtime.ts'
import { Broker } from './broker.ts'
import { localChecks } from './checks.ts'
import { archiveOptions, classArchive, classPath, installClassArchive } from './class-archive.ts'
import { type DriverFolders, type DriverLaunch, driverLaunch, localMaster } from './driver-launch.ts'
import { folderCheckpoint } from './folder-checkpoint.ts'
import { type Ivy, installJars } from './install-jars.ts'
import { installSpark, type SparkInstall } from './install-python.ts'
import { asProperty, driverJavaOptions } from './java-options.ts'
import { LocalDriver } from './local-driver.ts'
import { findJava, type Tool } from './tools.ts'

/** Kafka and Spark as processes of this machine: one KRaft broker, and a driver that is its own cluster (`local[N]`). */
export class LocalRuntime implements Runtime {
  readonly name = 'local'
  readonly kafka: KafkaAccess
  readonly sparkUi: string
  readonly job: JobPlace
  readonly checkpoint: CheckpointStore
  readonly #context: RuntimeContext
  readonly #broker: Broker
  readonly #driver: LocalDriver

  constructor(context: RuntimeContext) {
    this.#context = context
    this.kafka = ownBrokerAccess(context.config.kafka, `127.0.0.1:${context.config.ports.kafka}`)
    this.sparkUi = `http://localhost:${context.config.ports.sparkUi}`
    this.checkpoint = folderCheckpoint(context.storage.checkpoint)
    this.#broker = new Broker(context, this.kafka)
    this.#driver = new LocalDriver(context)
    this.job = this.#jobPlace()
  }

  async preflight(): Promise<void> {
    await findJava(this.#context.env)
    await this.#broker.preflight()
  }

  async start(output: Output, signal: AbortSignal): Promise<void> {
    const java = await findJava(this.#context.env)
    const spark = await this.#installSpark(output, signal)
    const brokerJars = await this.#installJars(output, java.path, spark, signal)
    await this.#installClassArchive(output, java, spark, signal)
    await output.step('Kafka', async (step) => {
      const wasRunning = (await this.#broker.running()) !== undefined
      step.update(wasRunning ? 'is running' : 'starting the broker')
      await this.#broker.start(java.path, brokerJars, signal)
      step.done(
        `Kafka ${wasRunning ? 'was running and answers' : 'answers'} at ${this.kafka.servers.join(',')}`,
      )
    })
  }

  async parts(): Promise<PartStatus[]> {
    return [await this.#broker.status()]
  }

  async stop(): Promise<StoppedPart[]> {
    const stopped = await this.#broker.stop()
    return stopped ? [stopped] : []
  }

  async removeVolumes(): Promise<string[]> {
    const { root, kafka, checkpoint } = this.#context.storage
    if (!(await readStorageId(root))) return [] // nothing here says that it is ours
    for (const dir of [kafka, checkpoint]) await rm(dir, { recursive: true, force: true })
    return [kafka, checkpoint]
  }

  async startDriver(submission: Submission, signal: AbortSignal): Promise<void> {
    const { run, rendered } = this.#context.storage
    const launch = await this.driverLaunch({ scratch: join(run, 'spark'), modules: rendered }, signal)
    await this.#driver.start(submission, launch, signal)
  }

  /** How a driver is started here. */
  async driverLaunch(folders: DriverFolders, signal: AbortSignal): Promise<DriverLaunch> {
    const { env } = this.#context
    const spark = await installSpark({ env, signal, update: () => undefined })
    const archive = classArchive(await findJava(env), spark.sparkHome, connectorJars)
    return driverLaunch(env, spark, archiveOptions(archive), folders)
  }

  async javaVersion(): Promise<string> {
    return (await findJava(this.#context.env)).version
  }

  driver(): Promise<DriverStatus | undefined> {
    return this.#driver.status()
  }

  stopDriver(deadlineMs: number, signal: AbortSignal): Promise<StopOutcome> {
    return this.#driver.stop(deadlineMs, signal)
  }

  logs(part: LogPart, options: LogOptions, signal: AbortSignal): AsyncIterable<string> {
    // Master and executors are threads of the driver here: what Spark has to say is in the driver's log.
    return followFile(part === 'kafka' ? this.#broker.logFile : this.#driver.logFile, options, signal)
  }

  checks(): DoctorCheck[] {
    return localChecks(this.#context)
  }

  #jobPlace(): JobPlace {
    const { config, storage } = this.#context
    return {
      master: localMaster(config.spark.cores),
      slots: config.spark.cores,
      masterWith: localMaster,
      sparkVersion: SPARK_VERSION,
      kafka: this.kafka,
      checkpoint: storage.checkpoint,
      secretsFile: this.kafka.sasl ? this.#driver.secretsFile : undefined,
      connectorJars: [], // on the class path instead: only what the JVM itself loads can be archived
      sparkConf: {
        'spark.driver.host': '127.0.0.1',
        'spark.driver.bindAddress': '127.0.0.1',
        'spark.ui.port': String(config.ports.sparkUi),
        'spark.port.maxRetries': '0', // another port than the one that was promised helps nobody
        'spark.sql.warehouse.dir': join(storage.run, 'warehouse'),
        'spark.driver.extraClassPath': classPath(connectorJars),
        'spark.driver.extraJavaOptions': asProperty(driverJavaOptions),
      },
    }
  }

  async #installSpark(output: Output, signal: AbortSignal): Promise<SparkInstall> {
    return output.step('Spark', async (step) => {
      const spark = await installSpark({ env: this.#context.env, signal, update: step.update })
      step.done('Spark is installed')
      return spark
    })
  }

  /** Fetches the connector's jars and the broker's; returns the broker's. */
  async #installJars(
    output: Output,
    java: string,
    spark: SparkInstall,
    signal: AbortSignal,
  ): Promise<string[]> {
    return output.step('Kafka and connector jars', async (step) => {
      const ivy: Ivy = {
        java,
        jar: await spark.ivyJar(),
        settings: this.#context.config.spark.conf['spark.jars.ivySettings'],
      }
      const context = { env: this.#context.env, signal, update: step.update }
      await installJars('connector', ivy, context)
      const broker = await installJars('broker', ivy, context)
      step.done('Kafka and connector jars are installed')
      return broker
    })
  }

  /** Without one all works, only slower to start: what goes wrong here is told, and no more. */
  async #installClassArchive(output: Output, java: Tool, spark: SparkInstall, signal: AbortSignal) {
    const archive = classArchive(java, spark.sparkHome, connectorJars)
    await output.step("Spark's classes", async (step) => {
      try {
        const { env } = this.#context
        await installClassArchive(archive, spark, connectorJars, { env, signal, update: step.update })
        step.done("Spark's classes are archived")
      } catch (error) {
        signal.throwIfAborted()
        step.done(`Spark's classes could not be archived, so jobs start slower: ${errorMessage(error)}`)
      }
    })
  }
}

const connectorJars = lockedJars('connector').map((jar) => join(jarsDir('connector'), jarFile(jar)))

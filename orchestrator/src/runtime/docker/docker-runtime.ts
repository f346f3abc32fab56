import { join } from 'node:path'
import type { Config } from '../../config/config.ts'
import { errorMessage } from '../../errors.ts'
import type { KafkaAccess } from '../../kafka/access.ts'
import { jarFile, lockedJars } from '../../package/jars.ts'
import { imageVersion, isTestedSpark, SPARK_VERSION } from '../../package/tested-versions.ts'
import { followFile, type LogOptions } from '../../system/follow-file.ts'
import type { Output } from '../../terminal/output.ts'
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
import { dockerChecks } from './checks.ts'
import { findCompose } from './compose/compose.ts'
import { workerCores } from './compose/environment.ts'
import { requireMountedFiles } from './compose/mounted-files.ts'
import { containerLogs } from './container/logs.ts'
import { CHECKPOINT_DIR, DRIVER, KAFKA, MASTER, STORAGE_LABEL, WORKER } from './container/project.ts'
import { partStatus } from './container/state.ts'
import { installConnectorJars } from './driver/connector-jars.ts'
import { DockerDriver } from './driver/docker-driver.ts'
import { JARS_DIR, LOG4J_FILE, SECRETS_FILE } from './driver/spec.ts'
import { connectEngine } from './engine/engine.ts'
import { requirePort } from './stack/port-check.ts'
import { Stack } from './stack/stack.ts'
import { startStack } from './stack/start.ts'
import { removeStackVolumes, stopStack } from './stack/stop.ts'
import { volumeCheckpoint } from './stack/volume-checkpoint.ts'

const PARTS = [
  ['kafka', KAFKA],
  ['spark-master', MASTER],
  ['spark-worker', WORKER],
] as const

/** Kafka and a Spark standalone cluster in containers; the driver in one of its own. */
class DockerRuntime implements Runtime {
  readonly name = 'docker'
  readonly kafka: KafkaAccess
  readonly sparkUi: string
  readonly job: JobPlace
  readonly checkpoint: CheckpointStore
  readonly #stack: Stack
  readonly #driver: DockerDriver
  readonly #oldDriverLog: string

  constructor(context: RuntimeContext) {
    const { config, storage } = context
    this.kafka = ownBrokerAccess(config.kafka, `127.0.0.1:${config.ports.kafka}`)
    this.sparkUi = `http://localhost:${config.ports.sparkUi}`
    this.job = jobPlace(config)
    this.#stack = new Stack(context)
    this.#oldDriverLog = join(storage.logs, 'driver.log')
    this.#driver = new DockerDriver(this.#stack, this.#oldDriverLog)
    this.checkpoint = volumeCheckpoint('checkpoint/ in the Docker volume spark-data', () =>
      this.#stack.runningMaster(),
    )
  }

  async preflight(): Promise<void> {
    const { ports } = this.#stack.context.config
    await this.#stack.engine()
    await findCompose()
    await requireMountedFiles()
    await requirePort(this.#stack, ports.kafka, 'KAFKA_PORT', 'Kafka')
    await requirePort(this.#stack, ports.sparkMasterUi, 'SPARK_MASTER_UI_PORT', "the Spark master's UI")
  }

  async start(output: Output, signal: AbortSignal): Promise<void> {
    const compose = await findCompose()
    this.#warnOfImage(output)
    await output.step('Kafka and Spark', async (step) => {
      await startStack(this.#stack, compose, step.update, signal)
      step.done(`Kafka and Spark are healthy: ${await this.#containerNames()}`)
    })
    await output.step('Connector jars', async (step) => {
      await this.#installJars(step.update, signal)
      step.done('Connector jars are installed')
    })
    if (await this.#driver.heal()) output.note('The job had ended against its will, and was started again.')
  }

  async parts(): Promise<PartStatus[]> {
    try {
      const found = await this.#stack.containers()
      return PARTS.flatMap(([part, service]) => {
        const own = found.filter((entry) => entry.service === service)
        return own.length === 0
          ? [{ part, state: 'stopped' as const }]
          : own.map(({ info }) => partStatus(part, info, this.#address(part)))
      })
    } catch (error) {
      // Without an engine nothing runs; why there is none is worth saying.
      return PARTS.map(([part]) => ({ part, state: 'stopped', detail: errorMessage(error) }))
    }
  }

  stop(signal: AbortSignal): Promise<StoppedPart[]> {
    return stopStack(this.#stack, signal)
  }

  removeVolumes(): Promise<string[]> {
    return removeStackVolumes(this.#stack)
  }

  async startDriver(submission: Submission, signal: AbortSignal): Promise<void> {
    await this.#driver.start(submission, await this.#installJars(() => undefined, signal), signal)
  }

  async driver(): Promise<DriverStatus | undefined> {
    return this.#driver.status()
  }

  stopDriver(deadlineMs: number, signal: AbortSignal): Promise<StopOutcome> {
    return this.#driver.stop(deadlineMs, signal)
  }

  async *logs(part: LogPart, options: LogOptions, signal: AbortSignal): AsyncGenerator<string> {
    if (part === 'driver' && !options.follow && (await this.#driver.find()).length === 0)
      return yield* followFile(this.#oldDriverLog, options, signal)
    const services = { kafka: [KAFKA], spark: [MASTER, WORKER], driver: [DRIVER] }[part]
    const find = async () =>
      (await this.#stack.containers()).filter(({ service }) => services.includes(service))
    yield* containerLogs(find, options, signal)
  }

  checks(): DoctorCheck[] {
    return dockerChecks(this.#stack)
  }

  #warnOfImage(output: Output): void {
    const { spark } = this.#stack.context.config.images
    if (!isTestedSpark(spark))
      output.warn(
        `SPARK_IMAGE=${spark}: tested is Spark ${SPARK_VERSION}; with another one, expect surprises`,
      )
  }

  #address(part: PartStatus['part']): string | undefined {
    const { ports } = this.#stack.context.config
    if (part === 'kafka') return `127.0.0.1:${ports.kafka}`
    return part === 'spark-master' ? `http://localhost:${ports.sparkMasterUi}` : undefined
  }

  async #containerNames(): Promise<string> {
    const found = await this.#stack.containers()
    return found.map(({ info }) => info.Name.slice(1)).join(', ')
  }

  async #installJars(update: (detail: string) => void, signal: AbortSignal): Promise<string[]> {
    const { config } = this.#stack.context
    const { id } = await this.#stack.requireProject()
    const { docker } = await this.#stack.engine()
    return installConnectorJars({
      docker,
      sparkImage: config.images.spark,
      ivySettings: config.spark.conf['spark.jars.ivySettings'],
      labels: { [STORAGE_LABEL]: id },
      signal,
      update,
    })
  }
}

export function dockerRuntime(context: RuntimeContext): Runtime {
  return new DockerRuntime(context)
}

/** Can this machine run the docker runtime? Answers within about two seconds. */
export async function dockerAvailable(env: RuntimeContext['env']): Promise<{ ok: boolean; why: string }> {
  try {
    const [engine, compose] = await Promise.all([connectEngine(env), findCompose()])
    return { ok: true, why: `Docker ${engine.version} and Compose ${compose.version} answer` }
  } catch (error) {
    return { ok: false, why: errorMessage(error) }
  }
}

function jobPlace(config: Config): JobPlace {
  return {
    master: `spark://${MASTER}:7077`,
    slots: workerCores(config) * config.spark.workers,
    sparkVersion: imageVersion(config.images.spark),
    kafka: ownBrokerAccess(config.kafka, `${KAFKA}:9092`),
    checkpoint: CHECKPOINT_DIR,
    secretsFile: config.kafka.sasl ? SECRETS_FILE : undefined,
    connectorJars: lockedJars('connector').map((jar) => `${JARS_DIR}/${jarFile(jar)}`),
    sparkConf: {
      'spark.driver.host': DRIVER,
      'spark.driver.bindAddress': '0.0.0.0', // inside the container; of its ports, only the UI's is published
      'spark.ui.port': String(config.ports.sparkUi), // the same inside, for the links that Spark makes
      'spark.port.maxRetries': '0',
      'spark.executor.memory': config.spark.workerMemory,
      'spark.sql.warehouse.dir': '/tmp/warehouse',
      'spark.driver.extraJavaOptions': `-Dlog4j2.configurationFile=file:${LOG4J_FILE}`,
    },
  }
}

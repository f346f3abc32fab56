import { join } from 'node:path'
import { errorMessage } from '../../errors.ts'
import { isTestedSpark, SPARK_VERSION } from '../../package/tested-versions.ts'
import { followFile, type LogOptions } from '../../system/follow-file.ts'
import type { Output } from '../../terminal/output.ts'
import { ownName } from '../own-name.ts'
import type { SparkPlace } from '../places.ts'
import type {
  CheckpointStore,
  DoctorCheck,
  DriverStatus,
  EngineIdentity,
  JobEnvironment,
  LogPart,
  PartStatus,
  RuntimeContext,
  StopOutcome,
  StoppedPart,
  Submission,
} from '../runtime.ts'
import { dockerChecks } from './checks.ts'
import { findCompose } from './compose/compose.ts'
import { containerName } from './container/inspect.ts'
import { containerLogs } from './container/logs.ts'
import { DRIVER, MASTER, WORKER } from './container/project.ts'
import { installConnectorJars } from './driver/connector-jars.ts'
import { DockerDriver } from './driver/docker-driver.ts'
import { connectEngine } from './engine/engine.ts'
import { preflight } from './preflight.ts'
import { partsNow } from './stack/parts.ts'
import type { Stack } from './stack/stack.ts'
import { startStack } from './stack/start.ts'
import { removeStackVolumes, stopStack } from './stack/stop.ts'
import { volumeCheckpoint } from './stack/volume-checkpoint.ts'

/** A Spark standalone cluster in containers, and the driver in a container of its own. */
export class DockerSpark implements SparkPlace {
  readonly name = 'docker'
  readonly sparkUi: string
  readonly job: JobEnvironment
  readonly checkpoint: CheckpointStore
  readonly #stack: Stack
  readonly #driver: DockerDriver
  readonly #oldDriverLog: string

  constructor(stack: Stack, job: JobEnvironment) {
    const { config, storage } = stack.context
    this.sparkUi = `http://localhost:${config.ports.sparkUi}`
    this.job = job
    this.#stack = stack
    this.#oldDriverLog = join(storage.logs, ownName(this.name, 'driver.log'))
    this.#driver = new DockerDriver(this.#stack, this.#oldDriverLog)
    this.checkpoint = volumeCheckpoint('checkpoint/ in the Docker volume spark-data', () =>
      this.#stack.runningMaster(),
    )
  }

  preflight(): Promise<void> {
    return preflight(this.#stack)
  }

  async start(output: Output, signal: AbortSignal): Promise<void> {
    const compose = await findCompose()
    this.#warnOfUntestedSpark(output)
    const [what, are] = this.#stack.context.config.kafka.isGiven
      ? ['Spark', 'is']
      : ['Kafka and Spark', 'are']
    await output.step(what, async (step) => {
      await startStack(this.#stack, compose, step.update, signal)
      step.done(`${what} ${are} healthy: ${await this.#containerNames()}`)
    })
    await output.step('Connector jars', async (step) => {
      await installConnectorJars(this.#stack, { signal, update: step.update })
      step.done('Connector jars are installed')
    })
    if (await this.#driver.restartIfLost()) output.note('The job had been interrupted and was restarted.')
  }

  async engine(): Promise<EngineIdentity> {
    const { docker, endpoint, isPodman } = await this.#stack.engine()
    if (isPodman) return { url: endpoint.url } // its id is a new one in every answer
    const { ID } = (await docker.info()) as { ID?: string }
    return { url: endpoint.url, ...(ID && { id: ID }) }
  }

  parts(): Promise<PartStatus[]> {
    const { ports } = this.#stack.context.config
    return partsNow(this.#stack, [
      { part: 'spark-master', service: MASTER, address: `http://localhost:${ports.sparkMasterUi}` },
      { part: 'spark-worker', service: WORKER },
    ])
  }

  stop(signal: AbortSignal): Promise<StoppedPart[]> {
    return stopStack(this.#stack, signal)
  }

  removeVolumes(): Promise<string[]> {
    return removeStackVolumes(this.#stack)
  }

  async startDriver(submission: Submission, signal: AbortSignal): Promise<void> {
    const jars = await installConnectorJars(this.#stack, { signal, update: () => undefined })
    await this.#driver.start(submission, jars, signal)
  }

  async driver(): Promise<DriverStatus | undefined> {
    return this.#driver.status()
  }

  stopDriver(timeoutMs: number, signal: AbortSignal): Promise<StopOutcome> {
    return this.#driver.stop(timeoutMs, signal)
  }

  async *logs(
    part: Exclude<LogPart, 'kafka'>,
    options: LogOptions,
    signal: AbortSignal,
  ): AsyncGenerator<string> {
    if (part === 'driver' && !options.follow && (await this.#driver.find()).length === 0)
      return yield* followFile(this.#oldDriverLog, options, signal)
    const services = { spark: [MASTER, WORKER], driver: [DRIVER] }[part]
    const find = async () =>
      (await this.#stack.containers()).filter(({ service }) => services.includes(service))
    yield* containerLogs(find, options, signal)
  }

  checks(): DoctorCheck[] {
    return dockerChecks(this.#stack)
  }

  #warnOfUntestedSpark(output: Output): void {
    const { spark } = this.#stack.context.config.images
    if (!isTestedSpark(spark))
      output.warn(`SPARK_IMAGE=${spark}: not tested; cpu-anomaly is tested with Spark ${SPARK_VERSION}`)
  }

  async #containerNames(): Promise<string> {
    const containers = await this.#stack.containers()
    return containers.map(({ info }) => containerName(info)).join(', ')
  }
}

/** Whether this machine can run the docker runtime, and why (not); takes at most about two seconds. */
export async function dockerAvailable(env: RuntimeContext['env']): Promise<{ ok: boolean; why: string }> {
  try {
    const [engine, compose] = await Promise.all([connectEngine(env), findCompose()])
    return { ok: true, why: `Docker ${engine.version} and Compose ${compose.version} answer` }
  } catch (error) {
    return { ok: false, why: errorMessage(error) }
  }
}

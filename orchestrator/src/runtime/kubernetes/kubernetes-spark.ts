import { join } from 'node:path'
import { isRemoteCheckpoint } from '../../config/checkpoint-location.ts'
import type { KafkaAccess } from '../../kafka/access.ts'
import { isTestedSpark, SPARK_VERSION } from '../../package/tested-versions.ts'
import { followFile, type LogOptions } from '../../system/follow-file.ts'
import type { Output } from '../../terminal/output.ts'
import { folderCheckpoint } from '../local/folder-checkpoint.ts'
import { installSparkHere } from '../local/install.ts'
import { LocalSpark } from '../local/local-spark.ts'
import { removeStored } from '../local/remove-stored.ts'
import { OptionalCheckpoint } from '../optional-checkpoint.ts'
import { ownName } from '../own-name.ts'
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
import { kindsOf, missingRights, neededRights, requireNamespace } from './access-review.ts'
import { rightsNeeded } from './administrator.ts'
import { KubernetesApi } from './api.ts'
import { kubernetesChecks } from './checks.ts'
import { JobCluster } from './cluster.ts'
import { podDriverStatus } from './driver-status.ts'
import { kubernetesJobEnvironment } from './job-environment.ts'
import { jobObjects } from './job-objects.ts'
import { apiUrl, logIn } from './login.ts'
import { namespaceOf } from './names.ts'
import { clusterParts } from './parts.ts'
import { type LogSource, podLogs } from './pod-logs.ts'
import { savingLog } from './saved-log.ts'
import { secretObject } from './secret.ts'

/** How long a driver that fails again and again may take to end. */
const FAILED_MS = 30_000

/** A Kubernetes cluster that is already there (SPARK_MASTER=k8s://...): driver and executors are pods. */
export class KubernetesSpark implements SparkPlace {
  readonly name = 'kubernetes'
  readonly sparkUi: string
  readonly job: JobEnvironment
  readonly checkpoint: CheckpointStore
  readonly #context: RuntimeContext
  readonly #api: KubernetesApi
  readonly #cluster: JobCluster
  readonly #savedLog: string

  constructor(context: RuntimeContext, kafka: KafkaAccess) {
    const { config, storage } = context
    const checkpoint = config.spark.checkpoint ?? storage.checkpoint
    this.#context = context
    this.#api = new KubernetesApi(() => logIn(config.spark.master ?? ''))
    this.#cluster = new JobCluster(this.#api, namespaceOf(config), checkpoint)
    this.#savedLog = join(storage.logs, ownName(this.name, 'driver.log'))
    this.job = kubernetesJobEnvironment(config, kafka, checkpoint)
    this.checkpoint = checkpointFromHere(context, kafka)
    this.sparkUi = `kubectl -n ${this.#cluster.namespace} port-forward deployment/${this.#cluster.name} ${config.ports.sparkUi}`
  }

  /** What is missing is said before anything is applied. */
  async preflight(signal: AbortSignal): Promise<void> {
    const { namespace } = this.#cluster
    await requireNamespace(this.#api, namespace, signal)
    const missing = await missingRights(this.#api, namespace, neededRights(this.#context.config), signal)
    if (missing.length > 0) throw rightsNeeded(namespace, (await this.#api.login()).who, missing)
  }

  /** Spark is in the image. Here it is only needed to fetch the stack's own broker. */
  async start(output: Output, signal: AbortSignal): Promise<void> {
    const { kafka, images } = this.#context.config
    if (!isTestedSpark(images.spark))
      output.warn(
        `SPARK_IMAGE=${images.spark}: not tested; cpu-anomaly is tested with Spark ${SPARK_VERSION}`,
      )
    if (!kafka.isGiven) await installSparkHere(this.#context, output, signal)
  }

  parts(): Promise<PartStatus[]> {
    return clusterParts(this.#api, this.#cluster, apiUrl(this.#context.config.spark.master ?? ''))
  }

  async stop(): Promise<StoppedPart[]> {
    const kinds = kindsOf(this.#context.config).toReversed()
    const gone = await this.#cluster.remove(kinds)
    return gone.length > 0 ? [{ part: 'kubernetes', gone }] : []
  }

  removeVolumes(): Promise<string[]> {
    return removeStored(this.#context.storage)
  }

  async startDriver(submission: Submission, signal: AbortSignal): Promise<void> {
    const { config } = this.#context
    const { namespace, name } = this.#cluster
    await this.preflight(signal)
    const objects = await jobObjects(config, this.job.checkpoint, submission)
    const secret = secretObject(name, namespace, submission)
    await this.#cluster.stop(FAILED_MS, signal) // of one that fails again and again
    await this.#cluster.apply([...objects.slice(0, -1), secret, ...objects.slice(-1)], signal)
  }

  async driver(): Promise<DriverStatus | undefined> {
    const [deployment, pods] = await Promise.all([this.#cluster.deployment(), this.#cluster.driverPods()])
    return podDriverStatus(deployment, pods)
  }

  stopDriver(timeoutMs: number, signal: AbortSignal): Promise<StopOutcome> {
    return savingLog(this.#log, this.#savedLog, () => this.#cluster.stop(timeoutMs, signal))
  }

  /** The driver's log is Spark's log too. Without a pod, it is what `stop` has kept of it. */
  async *logs(
    _part: Exclude<LogPart, 'kafka'>,
    options: LogOptions,
    signal: AbortSignal,
  ): AsyncGenerator<string> {
    if (!options.follow && (await this.#cluster.driverPods()).length === 0)
      yield* followFile(this.#savedLog, options, signal)
    else yield* podLogs(this.#log, options, signal)
  }

  checks(): DoctorCheck[] {
    return kubernetesChecks(this.#api, this.#cluster.namespace, this.#context.config)
  }

  get #log(): LogSource {
    return {
      api: this.#api,
      namespace: this.#cluster.namespace,
      findPods: () => this.#cluster.driverPods(),
    }
  }
}

/** On a remote file system it is read as the Spark of this machine does, if that is installed. */
function checkpointFromHere(context: RuntimeContext, kafka: KafkaAccess): CheckpointStore {
  const { checkpoint } = context.config.spark
  if (isRemoteCheckpoint(checkpoint)) return new OptionalCheckpoint(new LocalSpark(context, kafka).checkpoint)
  return folderCheckpoint(checkpoint ?? context.storage.checkpoint)
}

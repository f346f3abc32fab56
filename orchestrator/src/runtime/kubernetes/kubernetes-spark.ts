import { join } from 'node:path'
import { isRemoteCheckpoint } from '../../config/checkpoint-location.ts'
import type { KafkaAccess } from '../../kafka/access.ts'
import { isTestedSpark, SPARK_VERSION } from '../../package/tested-versions.ts'
import { followFile, type LogOptions } from '../../system/follow-file.ts'
import type { StateFile } from '../../system/state-file.ts'
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
import { isSamePlace, type JobPlace, placeFile } from './job-place.ts'
import { apiUrl, logIn } from './login.ts'
import { jobName, namespaceOf } from './names.ts'
import type { Kind } from './objects.ts'
import { clusterParts } from './parts.ts'
import { type LogSource, podLogs } from './pod-logs.ts'
import { savingLog } from './saved-log.ts'
import { secretObject } from './secret.ts'

/** How long a driver that fails again and again may take to end. */
const FAILED_MS = 30_000

interface Job {
  readonly api: KubernetesApi
  readonly cluster: JobCluster
  readonly kinds: readonly Kind[]
}

/** A Kubernetes cluster that is already there (SPARK_MASTER=k8s://...): driver and executors are pods. */
export class KubernetesSpark implements SparkPlace {
  readonly name = 'kubernetes'
  readonly sparkUi: string
  readonly job: JobEnvironment
  readonly checkpoint: CheckpointStore
  readonly #context: RuntimeContext
  /** Where the settings want the job. */
  readonly #wanted: JobPlace
  readonly #place: StateFile<JobPlace>
  readonly #savedLog: string
  readonly #jobs = new Map<string, Job>()

  constructor(context: RuntimeContext, kafka: KafkaAccess) {
    const { config, storage } = context
    const checkpoint = config.spark.checkpoint ?? storage.checkpoint
    const { namespace, name } = { namespace: namespaceOf(config), name: jobName(checkpoint) }
    this.#context = context
    this.#wanted = { master: config.spark.master ?? '', namespace, name, kinds: kindsOf(config) }
    this.#place = placeFile(storage)
    this.#savedLog = join(storage.logs, ownName(this.name, 'driver.log'))
    this.job = kubernetesJobEnvironment(config, kafka, checkpoint)
    this.checkpoint = checkpointFromHere(context, kafka)
    this.sparkUi = `kubectl -n ${namespace} port-forward deployment/${name} ${config.ports.sparkUi}`
  }

  /** What is missing is said before anything is applied. */
  async preflight(signal: AbortSignal): Promise<void> {
    const { api } = this.#at(this.#wanted)
    const { namespace } = this.#wanted
    await requireNamespace(api, namespace, signal)
    const missing = await missingRights(api, namespace, neededRights(this.#context.config), signal)
    if (missing.length > 0) throw rightsNeeded(namespace, (await api.login()).who, missing)
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

  async parts(): Promise<PartStatus[]> {
    const place = (await this.#place.read()) ?? this.#wanted
    const { api, cluster } = this.#at(place)
    return clusterParts(api, cluster, apiUrl(place.master))
  }

  async stop(): Promise<StoppedPart[]> {
    const { cluster, kinds } = await this.#current()
    const gone = await cluster.remove(kinds.toReversed())
    await this.#place.remove()
    return gone.length > 0 ? [{ part: 'kubernetes', gone }] : []
  }

  removeVolumes(): Promise<string[]> {
    return removeStored(this.#context.storage)
  }

  async startDriver(submission: Submission, signal: AbortSignal): Promise<void> {
    const { config } = this.#context
    const { namespace, name } = this.#wanted
    await this.preflight(signal)
    const objects = await jobObjects(config, this.job.checkpoint, submission)
    const secret = secretObject(name, namespace, submission)
    await this.#endFormer(signal)
    await this.#place.write(this.#wanted)
    const { cluster } = this.#at(this.#wanted)
    await cluster.apply([...objects.slice(0, -1), secret, ...objects.slice(-1)], signal)
  }

  async driver(): Promise<DriverStatus | undefined> {
    const { cluster } = await this.#current()
    const [deployment, pods] = await Promise.all([cluster.deployment(), cluster.driverPods()])
    return podDriverStatus(deployment, pods)
  }

  async stopDriver(timeoutMs: number, signal: AbortSignal): Promise<StopOutcome> {
    const job = await this.#current()
    return savingLog(logOf(job), this.#savedLog, () => job.cluster.stop(timeoutMs, signal))
  }

  /** The driver's log is Spark's log too. Without a pod, it is what `stop` has kept of it. */
  async *logs(
    _part: Exclude<LogPart, 'kafka'>,
    options: LogOptions,
    signal: AbortSignal,
  ): AsyncGenerator<string> {
    const job = await this.#current()
    if (!options.follow && (await job.cluster.driverPods()).length === 0)
      yield* followFile(this.#savedLog, options, signal)
    else yield* podLogs(logOf(job), options, signal)
  }

  checks(): DoctorCheck[] {
    return kubernetesChecks(this.#at(this.#wanted).api, this.#wanted.namespace, this.#context.config)
  }

  /** Where the job is; where it would be, if there is none. */
  async #current(): Promise<Job> {
    return this.#at((await this.#place.read()) ?? this.#wanted)
  }

  #at(place: JobPlace): Job {
    const key = JSON.stringify(place)
    const known = this.#jobs.get(key)
    if (known) return known
    const api = new KubernetesApi(() => logIn(place.master))
    const job = { api, cluster: new JobCluster(api, place), kinds: place.kinds }
    this.#jobs.set(key, job)
    return job
  }

  /** Ends a driver that fails again and again, and removes what the settings wanted before and do not want any more. */
  async #endFormer(signal: AbortSignal): Promise<void> {
    const former = await this.#place.read()
    const { cluster, kinds } = await this.#current()
    await cluster.stop(FAILED_MS, signal)
    if (!former) return
    const isStill = (kind: Kind) => isSamePlace(former, this.#wanted) && this.#wanted.kinds.includes(kind)
    await cluster.remove(kinds.toReversed().filter((kind) => !isStill(kind)))
  }
}

const logOf = ({ api, cluster }: Job): LogSource => ({
  api,
  namespace: cluster.namespace,
  findPods: () => cluster.driverPods(),
})

/** On a remote file system it is read as the Spark of this machine does, if that is installed. */
function checkpointFromHere(context: RuntimeContext, kafka: KafkaAccess): CheckpointStore {
  const { checkpoint } = context.config.spark
  if (isRemoteCheckpoint(checkpoint)) return new OptionalCheckpoint(new LocalSpark(context, kafka).checkpoint)
  return folderCheckpoint(checkpoint ?? context.storage.checkpoint)
}

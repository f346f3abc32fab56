import type { KafkaAccess } from '../../kafka/access.ts'
import { followFile, type LogOptions } from '../../system/follow-file.ts'
import { checkpointInUse } from '../driver-state.ts'
import type {
  DriverStatus,
  JobEnvironment,
  LogPart,
  RuntimeContext,
  StopOutcome,
  Submission,
} from '../runtime.ts'
import { type Application, findApplication, hasEnded } from './application.ts'
import { LIFE_FILE, lifeOf } from './application-status.ts'
import { ClusterDriver } from './cluster-driver.ts'
import { followAttempts, lastLines, readEndFrom } from './container-log.ts'
import { clusterEnvironment } from './job-environment.ts'
import { newTags, withTags } from './tags.ts'
import { YarnSpark } from './yarn-spark.ts'

/** The driver runs in the application master, and YARN restarts it, also while this machine is off. */
export class YarnClusterSpark extends YarnSpark {
  readonly name = 'yarn-cluster'
  readonly #driver: ClusterDriver
  #ui: string | undefined

  constructor(context: RuntimeContext, kafka: KafkaAccess) {
    super(context, kafka)
    this.#driver = new ClusterDriver(context, this.driverHere, this.checkpoint, () => this.manager())
  }

  get job(): JobEnvironment {
    return clusterEnvironment(this.context, this.kafka, this.driverHere)
  }

  /** Where YARN shows it, once that is known. */
  override get sparkUi(): string {
    return this.#ui ?? "in YARN's own UI"
  }

  override async startDriver(submission: Submission, signal: AbortSignal): Promise<void> {
    await this.requireCluster(signal)
    const tags = await newTags(this.context.storage.root)
    const other = await findApplication(await this.manager(), tags.folder, signal)
    if (other && !hasEnded(other)) throw checkpointInUse(`${other.id} on YARN`)
    await this.#driver.start(withTags(submission, tags), tags, await this.jobLaunch(signal), signal)
  }

  override async driver(): Promise<DriverStatus | undefined> {
    const status = await this.#driver.status()
    if (status?.application) this.#ui = `${(await this.manager()).addresses[0]}/proxy/${status.application}/`
    return status
  }

  override stopDriver(timeoutMs: number, signal: AbortSignal): Promise<StopOutcome> {
    return this.#driver.stop(timeoutMs, signal)
  }

  /** The driver's own lines are on its standard output, Spark's on its standard error. */
  override async *logs(
    part: Exclude<LogPart, 'kafka'>,
    options: LogOptions,
    signal: AbortSignal,
  ): AsyncGenerator<string> {
    const found = await this.#driver.find()
    // Of an application that YARN has never started, only that tells.
    if (!found?.attempts.length) return yield* followFile(this.#driver.launcher.logFile, options, signal)
    const file = part === 'driver' ? 'stdout' : 'stderr'
    const read = readEndFrom((await this.manager()).scheme, signal)
    if (options.follow) {
      const current = async () => (await this.#driver.find())?.attempts.at(-1)
      return yield* followAttempts(read, current, file, options, signal)
    }
    const last = found.attempts.at(-1)
    const tail = last && (await lastLines(read, last, file, options.lines))
    yield* tail?.lines ?? (await this.#keptLines(found.application, part, options))
  }

  /** What the driver has kept in the checkpoint, where its node does not show its log: not yet, not to this machine, or no more. */
  async #keptLines(
    application: Application,
    part: Exclude<LogPart, 'kafka'>,
    { lines }: LogOptions,
  ): Promise<readonly string[]> {
    const life = lifeOf(application, await this.checkpoint.read(LIFE_FILE))
    if (part === 'driver' && life) return lines === 0 ? [] : life.lines.slice(-lines)
    return hasEnded(application)
      ? [
          `The node no longer shows this log; \`yarn logs -applicationId ${application.id}\` does, if YARN collects logs.`,
        ]
      : []
  }
}

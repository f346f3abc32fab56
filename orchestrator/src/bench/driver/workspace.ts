import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config, InputConfig, StateStore, TriggerMode } from '../../config/config.ts'
import { errorMessage } from '../../errors.ts'
import type { JobSettings } from '../../job/job-settings.ts'
import { planQuery } from '../../job/query-plan.ts'
import { jobSettings } from '../../job/settings.ts'
import { JAVA_OPTIONS, sparkSecrets, submitArgs } from '../../job/submit-args.ts'
import { withAdmin } from '../../kafka/client.ts'
import { createTopics } from '../../kafka/create-topics.ts'
import { javaClientSecrets } from '../../kafka/java-client.ts'
import { deleteTopics } from '../../kafka/topics.ts'
import { packageRoot } from '../../package/root.ts'
import { asProperty } from '../../runtime/local/java-options.ts'
import { propertiesText } from '../../runtime/local/properties.ts'
import type { SparkHere } from '../../runtime/local/spark-here.ts'
import type { JobEnvironment } from '../../runtime/runtime.ts'
import type { StoragePaths } from '../../storage/paths.ts'
import type { Output } from '../../terminal/output.ts'
import { BenchSession } from './session.ts'

const TOPIC_PREFIX = 'cpu-anomaly-bench-'
const FOLDER_NAME = /^bench-([0-9a-f]{8})$/

/** How the drivers of a run differ. */
export interface DriverOptions {
  /** Undefined: the folder's setting. */
  readonly cores?: number
  readonly trigger?: TriggerMode
  /** Undefined: as `STATE_STORE=auto` chooses without series. */
  readonly stateStore?: StateStore
}

/** What `bench` sends, whatever the folder's own topic has. */
const CSV: InputConfig = {
  format: 'csv',
  time: undefined,
  timeUnit: 'ms',
  cpu: undefined,
  cpuUnit: 'percent',
  series: undefined,
}

/** The scratch folder, topics and drivers of one run; `close` removes them all. */
export class Workspace {
  readonly signal: AbortSignal
  readonly config: Config
  readonly runtime: SparkHere
  readonly #dir: string
  readonly #prefix: string
  readonly #sessions = new Set<BenchSession>()
  #names = 0

  static async open(
    config: Config,
    runtime: SparkHere,
    storage: StoragePaths,
    signal: AbortSignal,
  ): Promise<Workspace> {
    await removeLeftovers(runtime, storage)
    const workspace = new Workspace(config, runtime, storage, signal)
    for (const name of ['spark', 'tmp'])
      await mkdir(join(workspace.#dir, name), { recursive: true, mode: 0o700 })
    await workspace.#writeSecrets()
    await workspace.#createNamedTopic(workspace.#deadLetters, 1)
    return workspace
  }

  private constructor(config: Config, runtime: SparkHere, storage: StoragePaths, signal: AbortSignal) {
    const id = randomBytes(4).toString('hex')
    this.config = { ...config, input: CSV }
    this.runtime = runtime
    this.signal = signal
    this.#dir = join(storage.run, `bench-${id}`)
    this.#prefix = `${TOPIC_PREFIX}${id}-`
  }

  /** Creates a topic that is removed with the workspace. */
  async createTopic(what: string, partitions = 1): Promise<string> {
    const topic = `${this.#prefix}${this.#next(what)}`
    await this.#createNamedTopic(topic, partitions)
    return topic
  }

  /** Frees the disk space of a topic that is not read again. */
  async removeTopic(topic: string): Promise<void> {
    await deleteTopics(this.runtime.kafka, (name) => name === topic)
  }

  /** Of a file that is removed with the workspace. */
  path(name: string): string {
    return join(this.#dir, name)
  }

  /**
   * The job's settings with a new checkpoint. The detector has the default settings, so that figures can be compared;
   * trigger interval and bounds are the folder's.
   */
  settings(over: Partial<JobSettings>): JobSettings {
    return {
      ...jobSettings(this.config, this.#environment(this.config.spark.cores)),
      window_ms: 500,
      watermark_ms: 10_000,
      max_future_skew_ms: 300_000,
      cpu_min: null,
      cpu_max: null,
      direction: 'high',
      group_by: 'none',
      starting_offsets: 'earliest',
      trigger: 'micro-batch',
      dead_letter_topic: this.#deadLetters,
      checkpoint: join(this.#dir, 'checkpoints', this.#next('checkpoint')),
      ...over,
    }
  }

  /** Starts a driver that waits for orders. */
  async #startSession(options: DriverOptions): Promise<BenchSession> {
    const { runtime, signal } = this
    const config = configFor(this.config, options)
    const { cores } = config.spark
    const environment = this.#environment(cores)
    const args = submitArgs(config, environment, planQuery(config, environment, 1))
    const plan = { submitArgs: args, settings: this.settings({}) }
    const planFile = join(this.#dir, `${this.#next('plan')}.json`)
    await writeFile(planFile, JSON.stringify(plan))
    const modules = join(packageRoot, 'spark-job')
    const launch = await runtime.driverLaunch({ scratch: join(this.#dir, 'spark'), modules }, signal)
    const session = await BenchSession.start([launch.python, [join(modules, 'bench.py'), planFile]], {
      cwd: this.#dir,
      env: { ...launch.env, TMPDIR: this.#tmp, PYTHONDONTWRITEBYTECODE: '1' },
      signal,
    })
    this.#sessions.add(session)
    return session
  }

  /** Runs `work` with a new driver, and ends the driver afterwards. */
  async withSession<T>(options: DriverOptions, work: (session: BenchSession) => Promise<T>): Promise<T> {
    const session = await this.#startSession(options)
    try {
      return await work(session)
    } finally {
      await session.close()
    }
  }

  /** Runs `work` with so many new drivers, alike. */
  withSessions<T>(
    options: DriverOptions,
    count: number,
    work: (sessions: readonly BenchSession[]) => Promise<T>,
  ): Promise<T> {
    if (count === 0) return work([])
    return this.withSession(options, (session) =>
      this.withSessions(options, count - 1, (others) => work([session, ...others])),
    )
  }

  /** Runs after Ctrl-C too, so not with the command's own signal. */
  async close(output: Output): Promise<void> {
    for (const session of this.#sessions) await session.close()
    await rm(this.#dir, { recursive: true, force: true })
    await deleteTopics(this.runtime.kafka, (name) => name.startsWith(this.#prefix)).catch((error: unknown) =>
      output.warn(`cannot remove the topics ${this.#prefix}*: ${errorMessage(error)}`),
    )
  }

  /** Where slots are not threads, they are cores of a cluster. */
  #environment(cores: number): JobEnvironment {
    const { job } = this.runtime
    return {
      ...job,
      master: job.masterWithSlots?.(cores) ?? job.master,
      slots: cores,
      secretsFile: job.secretsFile && this.#secretsFile,
      propertiesFile: this.#propertiesFile,
      sparkConf: {
        ...job.sparkConf,
        ...(!job.masterWithSlots && { 'spark.cores.max': String(cores) }),
        'spark.ui.enabled': 'false',
        'spark.sql.warehouse.dir': join(this.#dir, 'warehouse'),
        // Files that a killed JVM leaves behind are removed with this folder.
        [JAVA_OPTIONS]: `${job.sparkConf[JAVA_OPTIONS]} ${asProperty([`-Djava.io.tmpdir=${this.#tmp}`])}`,
      },
    }
  }

  async #createNamedTopic(topic: string, partitions: number): Promise<void> {
    const create = [{ topic, partitions, settings: { 'cleanup.policy': 'delete' } }]
    await withAdmin(this.runtime.kafka, (admin) => createTopics(admin, create), { signal: this.signal })
  }

  async #writeSecrets(): Promise<void> {
    const { job, kafka } = this.runtime
    const files = [
      [this.#propertiesFile, propertiesText(sparkSecrets(this.config.spark))],
      ...(job.secretsFile ? [[this.#secretsFile, JSON.stringify(javaClientSecrets(kafka))] as const] : []),
    ] as const
    for (const [file, text] of files) await writeFile(file, text, { mode: 0o600 })
  }

  get #deadLetters(): string {
    return `${this.#prefix}dead`
  }

  get #tmp(): string {
    return join(this.#dir, 'tmp')
  }

  get #secretsFile(): string {
    return join(this.#dir, 'kafka-secrets.json')
  }

  get #propertiesFile(): string {
    return join(this.#dir, 'spark-secrets.properties')
  }

  #next(what: string): string {
    this.#names += 1
    return `${what}-${this.#names}`
  }
}

function configFor(config: Config, options: DriverOptions): Config {
  const { cores = config.spark.cores, trigger = 'micro-batch', stateStore = 'auto' } = options
  const shufflePartitions = cores === config.spark.cores ? config.spark.shufflePartitions : cores
  return {
    ...config,
    detector: { ...config.detector, groupBy: 'none' },
    spark: { ...config.spark, cores, shufflePartitions },
    query: { ...config.query, trigger, stateStore },
  }
}

/** Removes what killed runs left behind; we hold the folder's lock, so no other run is active. */
async function removeLeftovers({ kafka }: SparkHere, { run }: StoragePaths): Promise<void> {
  for (const name of await readdir(run)) {
    const id = FOLDER_NAME.exec(name)?.[1]
    if (!id) continue
    await deleteTopics(kafka, (topic) => topic.startsWith(`${TOPIC_PREFIX}${id}-`))
    await rm(join(run, name), { recursive: true, force: true })
  }
}

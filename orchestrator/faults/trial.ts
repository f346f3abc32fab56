import { rm } from 'node:fs/promises'
import { Kafka, logLevel } from 'kafkajs'
import type { Setup } from '../e2e/helpers/modes.ts'
import type { Sample } from '../e2e/helpers/oracle.ts'
import { Stack, type Status } from '../e2e/helpers/stack.ts'
import { waitFor } from '../e2e/helpers/wait-for.ts'
import { driverStarts } from './driver-starts.ts'
import { Load } from './load.ts'
import { Random } from './random.ts'
import { ResultWatch } from './result-watch.ts'

/** What a job had accounted for when it had read everything, before the load went on. */
export interface Settled {
  readonly samples: readonly Sample[]
  readonly late: number
  readonly bad: number
}

const READ_TIMEOUT_MS = 120_000
const START_TIMEOUT_MS = 120_000

interface TrialOptions {
  /** Of the lengths of faults, and of the load, each in a stream of its own: the one does not depend on the other. */
  readonly seed: number
  /** The folder in which the project folder is made; the system's folder for temporary files by default. */
  readonly parent?: string | undefined
  readonly samplesPerSecond?: number
}

/**
 * A stack under load. Its *life* is one checkpoint with topics of its own: a fault that the job rightly does not survive
 * ends the life, and the next one begins on the same stack.
 */
export class Trial {
  readonly setup: Setup
  readonly stack: Stack
  readonly random: Random
  /** Executors that Spark had to replace in this life, besides those of another driver. */
  replacedExecutors = 0
  /** Faults in this life so far. */
  faults = 0
  /** At the last check of this life. */
  settled: Settled = { samples: [], late: 0, bad: 0 }
  #life = 0
  #load: Load | undefined
  #results: ResultWatch | undefined
  /** The applications of all drivers that have started, and how many of them before this life. */
  readonly #started = new Set<string>()
  #startedBefore = 0
  readonly #options: TrialOptions

  private constructor(setup: Setup, stack: Stack, options: TrialOptions) {
    this.setup = setup
    this.stack = stack
    this.random = new Random(options.seed, `${setup.title} lengths`)
    this.#options = options
  }

  /** A stack of its own, not started yet: `beginLife` does that. */
  static async prepare(setup: Setup, options: TrialOptions): Promise<Trial> {
    const trial = new Trial(setup, await Stack.prepare(setup.runtime, options.parent), options)
    await trial.#configure()
    return trial
  }

  get load(): Load {
    if (!this.#load) throw new Error('the trial has no load')
    return this.#load
  }

  /** New topics and a new checkpoint, a running job, and samples that flow. */
  async beginLife(): Promise<void> {
    await this.#endLife()
    await this.driverStarts()
    this.#startedBefore = this.#started.size
    this.#life += 1
    this.replacedExecutors = 0
    this.faults = 0
    this.settled = { samples: [], late: 0, bad: 0 }
    await this.stack.ok('up')
    await this.#configure()
    const { broker, topics } = this.stack
    await createOutputTopic(broker, topics.output)
    await this.submit('--new-checkpoint')
    const { seed, samplesPerSecond = 100 } = this.#options
    const random = new Random(seed, `${this.setup.title} load`)
    this.#load = new Load(broker, topics.input, samplesPerSecond, random)
    this.#results = new ResultWatch(broker, topics.output, this.setup.mode)
    this.load.resume()
    await this.untilWatermark()
  }

  async submit(...options: readonly string[]): Promise<void> {
    await this.stack.ok('submit', ...options)
  }

  /** How many drivers have started in this life, by their own logs. */
  async driverStarts(): Promise<number> {
    for (const application of await driverStarts(this.stack)) this.#started.add(application)
    return this.#started.size - this.#startedBefore
  }

  /** What a user would do after a fault: `up`, and `submit` if the job is no longer running. */
  async repair(): Promise<void> {
    await this.stack.ok('up')
    const state = (await this.status()).driver?.state
    if (state === 'orphaned') await this.stack.ok('stop')
    if (state && ['starting', 'running', 'backing-off'].includes(state)) return
    await this.submit()
  }

  status(): Promise<Status> {
    return this.stack.status()
  }

  get results(): ResultWatch {
    if (!this.#results) throw new Error('the trial follows no results')
    return this.#results
  }

  /** Pauses the load, and waits until the job has accounted for every acknowledged record. */
  async settle(): Promise<Status> {
    await this.load.pause()
    const { acknowledged: wanted, samples, late, bad } = this.load
    const status = await waitFor(
      `the job to read ${wanted} records`,
      async () => {
        const status = await this.status()
        return { done: status.progress?.read === wanted, value: status, seen: JSON.stringify(status) }
      },
      READ_TIMEOUT_MS,
    )
    this.settled = { samples: samples.slice(), late, bad }
    return status
  }

  /** Late samples are late only once a batch has moved the watermark. */
  async untilWatermark(): Promise<void> {
    await waitFor(
      'a watermark',
      async () => {
        const { progress, driver } = await this.status()
        const year = new Date(progress?.watermark ?? 0).getUTCFullYear()
        return { done: year > 1970, value: undefined, seen: JSON.stringify({ progress, driver }) }
      },
      START_TIMEOUT_MS,
    )
  }

  /** `down`; the folder stays. */
  async takeDown(): Promise<void> {
    await this.#endLife()
    await this.stack.ok('down', '--volumes', '--yes')
  }

  async remove(): Promise<void> {
    await rm(this.stack.folder, { recursive: true, force: true })
  }

  async #endLife(): Promise<void> {
    await this.#load?.close()
    await this.#results?.close()
    this.#load = undefined
    this.#results = undefined
    if (this.#life > 0) await this.stack.cli(['stop'])
  }

  #configure(): Promise<void> {
    const slots = this.setup.runtime === 'docker' && this.setup.mode === 'real-time'
    return this.stack.configure({
      ...this.setup.settings,
      INPUT_TOPIC: `cpu-usage-${this.#life}`,
      OUTPUT_TOPIC: `anomaly-${this.#life}`,
      DEAD_LETTER_TOPIC: `cpu-usage-${this.#life}.dead-letter`,
      INPUT_PARTITIONS: slots ? '1' : '2',
      // A clock that is stepped back by an hour must not turn live samples into samples of the future.
      MAX_FUTURE_SKEW: '2 hours',
    })
  }
}

/**
 * As `up` creates it, but compaction waits: what it would remove within a minute or two is what O3 and O4 are about. The
 * live reader has seen each result long before.
 */
async function createOutputTopic(broker: string, topic: string): Promise<void> {
  const settings = {
    'cleanup.policy': 'compact,delete',
    'segment.ms': '60000',
    'min.cleanable.dirty.ratio': '0.01',
    'min.compaction.lag.ms': '600000',
    'message.timestamp.type': 'LogAppendTime',
  }
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
  const admin = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const topics = [{ topic, numPartitions: 1, configEntries }]
  // kafkajs gives up if the broker does not know the leader of a new topic at once.
  await admin.createTopics({ topics, waitForLeaders: false }).finally(() => admin.disconnect())
}

import { rm } from 'node:fs/promises'
import type { Setup } from '../e2e/helpers/modes.ts'
import type { Sample } from '../e2e/helpers/oracle.ts'
import { Stack, type Status } from '../e2e/helpers/stack.ts'
import { waitFor } from '../e2e/helpers/wait-for.ts'
import { Load } from './load.ts'
import type { Random } from './random.ts'
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
  /** How often the driver was started in this life, besides the supervisor's restarts. */
  starts = 0
  /** Faults in this life so far. */
  faults = 0
  /** At the last check of this life. */
  settled: Settled = { samples: [], late: 0, bad: 0 }
  #life = 0
  #load: Load | undefined
  #results: ResultWatch | undefined

  readonly #samplesPerSecond: number

  private constructor(setup: Setup, stack: Stack, random: Random, samplesPerSecond: number) {
    this.setup = setup
    this.stack = stack
    this.random = random
    this.#samplesPerSecond = samplesPerSecond
  }

  static async start(
    setup: Setup,
    random: Random,
    { parent, samplesPerSecond = 100 }: TrialOptions = {},
  ): Promise<Trial> {
    const trial = new Trial(setup, await Stack.prepare(setup.runtime, parent), random, samplesPerSecond)
    await trial.#configure()
    await trial.stack.ok('up')
    await trial.beginLife()
    return trial
  }

  get load(): Load {
    if (!this.#load) throw new Error('the trial has no load')
    return this.#load
  }

  /** New topics and a new checkpoint, a running job, and samples that flow. */
  async beginLife(): Promise<void> {
    await this.#endLife()
    this.#life += 1
    this.starts = 0
    this.faults = 0
    this.settled = { samples: [], late: 0, bad: 0 }
    await this.#configure()
    await this.stack.ok('up')
    await this.submit('--new-checkpoint')
    this.#load = new Load(this.stack.broker, this.stack.topics.input, this.#samplesPerSecond, this.random)
    this.#results = new ResultWatch(this.stack.broker, this.stack.topics.output)
    this.load.resume()
    await this.untilWatermark()
  }

  async submit(...options: readonly string[]): Promise<void> {
    await this.stack.ok('submit', ...options)
    this.starts += 1
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

  resultSince(timeMs: number, timeoutMs: number): Promise<void> {
    if (!this.#results) throw new Error('the trial follows no results')
    return this.#results.resultSince(timeMs, timeoutMs)
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

  /** `down`; removes the folder only if nothing was found, so that a failure can be looked into. */
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

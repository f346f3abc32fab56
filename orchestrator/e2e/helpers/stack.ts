import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, onTestFinished } from 'vitest'
import { freePorts } from '../../src/system/ports.ts'
import type { Login } from './kafka.ts'

export const packageRoot = fileURLToPath(new URL('../../..', import.meta.url))
const main = join(packageRoot, 'dist', 'main.js')
const READ_TIMEOUT_MS = 180_000

export type RuntimeUnderTest = 'local' | 'docker'

export interface CommandResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** The part of `status --json` that tests use. */
export interface Status {
  readonly parts: readonly { part: string; state: string; pid?: number; container?: string }[]
  readonly driver?: {
    state: string
    pid?: number
    supervisorPid?: number
    container?: string
    application?: string
    reason?: string
    restarts: number
    exitCode?: number
  }
  readonly lastError?: string
  readonly unread?: number
  readonly progress?: {
    read: number
    deadLettered: number
    late: number
    withoutBaseline?: number
    batch: number
    watermark?: string
    stateRows: number
    endOffsets: Record<string, number>
  }
}

/** The topics that the folder's `.env` names. */
export interface Topics {
  readonly input: string
  readonly output: string
  readonly deadLetter: string
}

// A stack is removed while the next test starts its own: they share nothing, and most of a removal is waiting.
const removals: Promise<void>[] = []
afterAll(() => removalsDone())

/** The clusters that stacks use must outlast their removal. */
export async function removalsDone(): Promise<void> {
  const outcomes = await Promise.allSettled(removals.splice(0))
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed) throw failed.reason
}

/** A project folder with its own ports. */
export class Stack {
  readonly folder: string
  readonly runtime: RuntimeUnderTest
  readonly ports: { readonly kafka: number; readonly ui: number; readonly masterUi: number }
  private settings: Readonly<Record<string, string>> = {}
  private given: string | undefined

  private constructor(folder: string, runtime: RuntimeUnderTest, ports: Stack['ports']) {
    this.folder = folder
    this.runtime = runtime
    this.ports = ports
  }

  /**
   * A stack for one test: its removal begins when the test ends, passed or failed. `given`: how tests reach the brokers that
   * the settings name.
   */
  static async create(
    runtime: RuntimeUnderTest,
    settings: Readonly<Record<string, string>> = {},
    given?: string,
  ): Promise<Stack> {
    const stack = await Stack.prepare(runtime)
    stack.given = given
    onTestFinished(() => stack.removeLater())
    await stack.configure(settings)
    return stack
  }

  /** A stack without settings, which lasts until `removeLater`. */
  static async prepare(runtime: RuntimeUnderTest, parent = tmpdir()): Promise<Stack> {
    const folder = await mkdtemp(join(parent, 'cpu-anomaly-e2e-'))
    const [kafka = 0, ui = 0, masterUi = 0] = await freePorts(3)
    return new Stack(folder, runtime, { kafka, ui, masterUi })
  }

  get broker(): string {
    return this.given ?? `127.0.0.1:${this.ports.kafka}`
  }

  /** How tests log in to the stack's own broker. */
  get login(): Login | undefined {
    const { KAFKA_USERNAME: username, KAFKA_PASSWORD: password } = this.settings
    return this.given === undefined && username && password ? { username, password } : undefined
  }

  get topics(): Topics {
    const {
      INPUT_TOPIC: input = 'cpu-usage',
      OUTPUT_TOPIC: output = 'anomaly',
      DEAD_LETTER_TOPIC: deadLetter = 'cpu-usage.dead-letter',
    } = this.settings
    return { input, output, deadLetter }
  }

  /** Writes `.env` anew, with these settings only. */
  async configure(settings: Readonly<Record<string, string>>): Promise<void> {
    this.settings = settings
    const all = {
      RUNTIME: this.runtime,
      KAFKA_PORT: this.ports.kafka,
      SPARK_UI_PORT: this.ports.ui,
      ...(this.runtime === 'docker' && { SPARK_MASTER_UI_PORT: this.ports.masterUi }),
      ...settings,
    }
    const lines = Object.entries(all).map(([key, value]) => `${key}=${value}`)
    await writeFile(join(this.folder, '.env'), `${lines.join('\n')}\n`, { mode: 0o600 })
  }

  /** Runs a command of the built program, whether or not it succeeds. */
  async cli(
    args: readonly string[],
    options: { input?: Buffer; env?: Record<string, string> } = {},
  ): Promise<CommandResult> {
    const { exitCode = -1, stdout, stderr } = await this.start(args, options)
    return { exitCode, stdout, stderr }
  }

  /** Runs a command that must succeed; returns its stdout. */
  async ok(...args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.cli(args)
    if (exitCode !== 0)
      throw new Error(`cpu-anomaly ${args.join(' ')} ended with ${exitCode}:\n${stdout}\n${stderr}`)
    return stdout
  }

  /** Starts a command and does not wait for its end. */
  start(args: readonly string[], { input, env }: { input?: Buffer; env?: Record<string, string> } = {}) {
    return execa(process.execPath, [main, ...args], {
      cwd: this.folder,
      reject: false,
      ...(input ? { input } : { stdin: 'ignore' }),
      // The test runner sets FORCE_COLOR in CI; a user's pipe does not.
      env: { FORCE_COLOR: undefined, ...env },
    })
  }

  async status(): Promise<Status> {
    return JSON.parse(await this.ok('status', '--json')) as Status
  }

  /** Waits until the job has read and accounted for this number of lines. @throws Error at the deadline. */
  untilRead(lines: number): Promise<Status> {
    return this.untilStatus(`${lines} lines to be read`, ({ progress }) => progress?.read === lines)
  }

  /**
   * Follows one `status --watch`: a process per check would take most of a core from the job.
   * @throws Error at the deadline, with the status that was seen last.
   */
  async untilStatus(
    what: string,
    isDone: (status: Status) => boolean,
    timeoutMs = READ_TIMEOUT_MS,
  ): Promise<Status> {
    const watching = this.start(['status', '--watch', '--json'])
    const deadline = setTimeout(() => watching.kill(), timeoutMs)
    let seen = 'no status'
    try {
      for await (const line of watching) {
        seen = line
        const status = JSON.parse(line) as Status
        if (isDone(status)) return status
      }
    } finally {
      clearTimeout(deadline)
      watching.kill()
    }
    throw new Error(`waited ${timeoutMs / 1_000} s for ${what}; last seen: ${seen}`)
  }

  /** Kills the driver's process, as a crash would. */
  async killDriver(): Promise<void> {
    const { driver } = await this.status()
    if (this.runtime === 'docker')
      await execa('docker', [
        'exec',
        driver?.container ?? '',
        'pkill',
        '-9',
        '-f',
        'org.apache.spark.deploy.SparkSubmit',
      ])
    else process.kill(-(driver?.pid ?? Number.NaN), 'SIGKILL')
  }

  /** Kills the broker and restarts it with `up`. */
  async crashBroker(): Promise<void> {
    const kafka = (await this.status()).parts.find(({ part }) => part === 'kafka')
    if (this.runtime === 'docker') await execa('docker', ['kill', kafka?.container ?? ''])
    else process.kill(kafka?.pid ?? Number.NaN, 'SIGKILL')
    await this.ok('up')
  }

  /** Begins the removal; the end of the file waits for it. */
  removeLater(): void {
    removals.push(this.remove())
  }

  private async remove(): Promise<void> {
    if (!existsSync(this.folder)) return
    if (process.env.CPU_ANOMALY_E2E_KEEP) return console.warn(`kept: ${this.folder}`)
    const { exitCode, stderr } = await this.cli(['down', '--volumes', '--yes'])
    await rm(this.folder, { recursive: true, force: true })
    if (exitCode !== 0) throw new Error(`down ended with ${exitCode}:\n${stderr}`)
  }
}

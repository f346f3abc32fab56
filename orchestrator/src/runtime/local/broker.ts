import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CliError } from '../../errors.ts'
import type { KafkaAccess } from '../../kafka/access.ts'
import { probeBroker } from '../../kafka/probe.ts'
import { packageRoot } from '../../package/root.ts'
import { childEnvironment, type ShellEnvironment } from '../../system/child-environment.ts'
import { findProcess } from '../../system/find-process.ts'
import { freePorts, isPortOpen, requireFreePort, waitForFreePort } from '../../system/ports.ts'
import { endProcess, identify, isAlive, processSchema } from '../../system/process-identity.ts'
import { lastLines, run, spawnDetached } from '../../system/run.ts'
import { stateFile } from '../../system/state-file.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from '../../system/wait.ts'
import { clusterIdIn } from '../own-broker.ts'
import type { PartStatus, RuntimeContext, StoppedPart } from '../runtime.ts'
import { brokerProperties } from './broker-properties.ts'
import { localeOptions, log4jOption, tmpOptions } from './java-options.ts'

const MAIN = 'kafka.Kafka'
const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 20_000

const recordSchema = z.object({
  process: processSchema,
  port: z.int(),
  controllerPort: z.int(),
  /** Tells a changed login from the one that the broker was started with. */
  login: z.string().optional(),
})
type BrokerRecord = Readonly<z.infer<typeof recordSchema>>

type RunningBroker = Partial<BrokerRecord> & Pick<BrokerRecord, 'process'>

/** The KRaft broker of one project folder: one process, its data under `storage/kafka`. */
export class Broker {
  readonly logFile: string
  readonly #context: RuntimeContext
  readonly #access: KafkaAccess
  readonly #record

  constructor(context: RuntimeContext, access: KafkaAccess) {
    this.#context = context
    this.#access = access
    this.logFile = join(context.storage.logs, 'kafka.log')
    this.#record = stateFile(join(context.storage.run, 'kafka.json'), recordSchema)
  }

  /** The broker, if it is alive. Only its process is known of one that was not recorded, since `up` was killed. */
  async running(): Promise<RunningBroker | undefined> {
    const record = await this.#record.read()
    if (record && (await isAlive(record.process))) return record
    const process = await findProcess((commandLine) =>
      commandLine.endsWith(` ${MAIN} ${this.#propertiesFile}`),
    )
    return process && { process }
  }

  /** Undefined while the broker does not run. */
  async clusterId(): Promise<string | undefined> {
    if (!(await this.running())) return undefined
    return this.#formattedClusterId()
  }

  /** @throws CliError PORT_TAKEN when another program holds the port. */
  async preflight(): Promise<void> {
    const running = await this.running()
    if (!running || (running.port ?? this.#port) !== this.#port)
      await requireFreePort(this.#port, 'KAFKA_PORT', 'Kafka')
  }

  async start(java: string, jars: readonly string[], signal: AbortSignal): Promise<void> {
    const running = await this.running()
    if (running?.port !== this.#port || (running.login ?? this.#login) !== this.#login) {
      if (running) await this.stop()
      await this.#launch(java, jars, signal)
    }
    await this.#waitUntilReady(signal)
  }

  async status(): Promise<PartStatus> {
    const record = await this.running()
    if (!record) return { part: 'kafka', state: 'stopped' }
    const address = `127.0.0.1:${record.port ?? this.#port}`
    const base = { part: 'kafka', address, pid: record.process.pid } as const
    const ready = await probeBroker(this.#access, { timeoutMs: 3_000 })
    return ready.ok ? { ...base, state: 'running' } : { ...base, state: 'unhealthy', detail: ready.why }
  }

  /** Stops the broker and verifies that its process is gone and its ports are free. */
  async stop(): Promise<StoppedPart | undefined> {
    const broker = await this.running()
    if (!broker || (await endProcess(broker.process, { termTimeoutMs: STOP_TIMEOUT_MS })) === 'was-gone') {
      // Its ports may be another program's by now.
      await this.#record.remove()
      return undefined
    }
    const ports = [broker.port, broker.controllerPort].filter((port) => port !== undefined)
    for (const port of ports) await waitForFreePort(port)
    await this.#record.remove()
    return { part: 'kafka', gone: [`pid ${broker.process.pid}`, ...ports.map((port) => `port ${port}`)] }
  }

  get #port(): number {
    return this.#context.config.ports.kafka
  }

  get #propertiesFile(): string {
    return join(this.#context.storage.run, 'kafka.properties')
  }

  get #metaFile(): string {
    return join(this.#context.storage.kafka, 'meta.properties')
  }

  /** Empty if the storage is not formatted. */
  async #formattedClusterId(): Promise<string> {
    return clusterIdIn(await readFile(this.#metaFile, 'utf8').catch(() => undefined))
  }

  get #login(): string {
    const { sasl } = this.#context.config.kafka
    if (!sasl) return ''
    return createHash('sha256')
      .update(JSON.stringify([sasl.username, sasl.password]))
      .digest('hex')
  }

  async #launch(java: string, jars: readonly string[], signal: AbortSignal): Promise<void> {
    const { storage, config } = this.#context
    await requireFreePort(this.#port, 'KAFKA_PORT', 'Kafka')
    const [controllerPort = 0] = await freePorts(1)
    const propertiesFile = this.#propertiesFile
    const common = await readFile(join(packageRoot, 'infra', 'kafka', 'broker.properties'), 'utf8')
    const options = { port: this.#port, controllerPort, dataDir: storage.kafka, sasl: config.kafka.sasl }
    await writeFile(propertiesFile, brokerProperties(common, options), { mode: 0o600 })
    await mkdir(storage.kafka, { recursive: true })
    await this.#formatOnce(java, jars, propertiesFile, signal)
    const pid = await spawnDetached(javaCommand(java, jars, this.#context.env, MAIN, [propertiesFile]), {
      cwd: storage.root,
      env: childEnvironment('java', this.#context.env),
      logFile: this.logFile,
    })
    const process = await identify(pid)
    if (!process) throw await this.#exitedOnStart()
    await this.#record.write({
      process,
      port: this.#port,
      controllerPort,
      login: this.#login,
    })
  }

  async #formatOnce(
    java: string,
    jars: readonly string[],
    properties: string,
    signal: AbortSignal,
  ): Promise<void> {
    if ((await this.#formattedClusterId()) !== '') return
    await requireNoData(this.#context.storage.kafka, this.#metaFile)
    await rm(this.#metaFile, { force: true }) // an empty one, as a power failure leaves it
    const args = ['format', '-t', randomClusterId(), '-c', properties]
    await run(javaCommand(java, jars, this.#context.env, 'kafka.tools.StorageTool', args), {
      env: childEnvironment('java', this.#context.env),
      signal,
      failAs: 'STORAGE',
      hint: `Check the folder ${this.#context.storage.kafka}: Kafka could not format it for its data.`,
    })
  }

  async #waitUntilReady(signal: AbortSignal): Promise<void> {
    try {
      await waitUntil(
        `Kafka on port ${this.#port}`,
        async () => {
          if (!(await this.running())) throw await this.#exitedOnStart()
          if (!(await isPortOpen(this.#port))) return notYet('the port is not open yet')
          const ready = await probeBroker(this.#access, { timeoutMs: 5_000, signal })
          return ready.ok ? arrived(undefined) : notYet(ready.why)
        },
        { timeoutMs: START_TIMEOUT_MS, intervalMs: 100, signal },
      )
    } catch (error) {
      if (!(error instanceof WaitTimeout)) throw error
      throw new CliError('CLUSTER_UNREACHABLE', `Kafka started, but did not answer: ${error.message}`, {
        details: await this.#logTail(),
        hint: 'See the whole log with `cpu-anomaly logs kafka`; start over with `cpu-anomaly down` and `cpu-anomaly up`.',
      })
    }
  }

  async #exitedOnStart(): Promise<CliError> {
    return new CliError('CLUSTER_UNREACHABLE', 'Kafka exited while it was starting', {
      details: await this.#logTail(),
      hint: `See the whole log in ${this.logFile}. Check this machine with \`cpu-anomaly doctor\`.`,
    })
  }

  async #logTail(): Promise<string[]> {
    return lastLines(await readFile(this.logFile, 'utf8').catch(() => ''), 12)
  }
}

/**
 * A broker of a new cluster would not serve the data of the old one. What an interrupted format leaves are files; data are
 * in folders.
 * @throws CliError STORAGE when there are data, although the file that says whose is missing or damaged.
 */
export async function requireNoData(dataDir: string, metaFile: string): Promise<void> {
  const entries = await readdir(dataDir, { withFileTypes: true })
  if (!entries.some((entry) => entry.isDirectory())) return
  throw new CliError('STORAGE', `${metaFile} is missing or damaged, but Kafka's data are beside it`, {
    hint: 'Restore that file, for example from a backup; or remove the data and all checkpoints with `cpu-anomaly down --volumes`.',
  })
}

/** 16 random bytes in URL-safe base64, as `kafka-storage.sh random-uuid` makes them. A leading dash would be read as an option. */
function randomClusterId(): string {
  const id = randomBytes(16).toString('base64url')
  return id.startsWith('-') ? randomClusterId() : id
}

export function javaCommand(
  java: string,
  jars: readonly string[],
  env: ShellEnvironment,
  main: string,
  args: readonly string[],
) {
  const log4j = log4jOption(join(packageRoot, 'infra', 'kafka', 'log4j2.properties'))
  // A small heap, because a broker relies on the page cache; G1 and its pause target are Kafka's own defaults.
  const options = [
    '-Xms256m',
    '-Xmx512m',
    '-XX:+UseG1GC',
    '-XX:MaxGCPauseMillis=20',
    '-Djava.awt.headless=true',
    ...localeOptions,
    ...tmpOptions(env),
  ]
  return [java, [...options, log4j, '-cp', jars.join(':'), main, ...args]] as const
}

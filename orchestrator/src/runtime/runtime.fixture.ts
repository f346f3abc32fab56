import type { RuntimeName } from '../config/config.ts'
import type { KafkaAccess } from '../kafka/access.ts'
import type { LogOptions } from '../system/follow-file.ts'
import type { Output } from '../terminal/output.ts'
import type { Runtime } from './places.ts'
import type {
  CheckpointStore,
  DoctorCheck,
  DriverStatus,
  JobEnvironment,
  LogPart,
  PartStatus,
  StopOutcome,
  StoppedPart,
  Submission,
} from './runtime.ts'

/** The ISO time this many seconds after the fixed time at which the tests begin. */
export const at = (second: number): string =>
  new Date(Date.parse('2026-01-01T00:00:00Z') + second * 1_000).toISOString()

/** A driver in its first attempt, started at `at(0)`. */
export const driverIn = (state: DriverStatus['state'], more: Partial<DriverStatus> = {}): DriverStatus => ({
  state,
  attempt: 1,
  restarts: 0,
  startedAt: at(0),
  ...more,
})

const KAFKA: KafkaAccess = {
  servers: ['127.0.0.1:9093'],
  securityProtocol: 'PLAINTEXT',
  sasl: undefined,
  ssl: {},
  isOwn: true,
}

/** The environment of a driver on this machine: four task slots, which are threads. */
export const localJob: JobEnvironment = {
  master: 'local[4]',
  slots: 4,
  masterWithSlots: (slots) => `local[${slots}]`,
  sparkVersion: '4.3.0',
  kafka: KAFKA,
  checkpoint: '/storage/checkpoint',
  baselineFile: '/storage/rendered/baseline.csv',
  secretsFile: undefined,
  connectorJars: [],
  sparkConf: { 'spark.ui.port': '4040' },
}

/** A checkpoint in memory. */
class MemoryCheckpoint implements CheckpointStore {
  readonly location = 'memory'
  readonly files = new Map<string, string>()
  /** Has a query committed a batch to it? */
  isCommitted = false
  readonly #journal: string[]

  constructor(journal: string[]) {
    this.#journal = journal
  }

  async read(name: string): Promise<string | undefined> {
    return this.files.get(name)
  }

  async write(name: string, text: string): Promise<void> {
    this.#journal.push(`write ${name}`)
    this.files.set(name, text)
  }

  async hasCommits(): Promise<boolean> {
    return this.isCommitted
  }

  async setAside(): Promise<string> {
    this.#journal.push('set checkpoint aside')
    this.files.clear()
    this.isCommitted = false
    return 'memory-before'
  }
}

/** A runtime in memory. A test sets the state that it reports, and reads in the journal what was done to it. */
export class FakeRuntime implements Runtime {
  name: RuntimeName
  kafka: KafkaAccess = KAFKA
  readonly sparkUi = 'http://localhost:4040'
  job: JobEnvironment = localJob
  /** Every change, in order; `FakeBroker` can share it. */
  readonly journal: string[] = []
  readonly checkpoint = new MemoryCheckpoint(this.journal)

  driverNow: DriverStatus | undefined
  /** Called before each read of the driver's status, with the number of reads so far. */
  onDriverRead: (reads: number) => void = () => undefined
  /** Called when a driver is started; by default it is ready at once. */
  onStartDriver: () => void = () => this.becomeReady()
  readonly submissions: Submission[] = []
  stopOutcome: StopOutcome = 'stopped'
  /** The timeout of the last `stopDriver`. */
  driverStopTimeoutMs: number | undefined

  /** That of `FakeBroker`, unless a test says otherwise. */
  clusterIdNow: string | undefined = 'cluster-1'
  partsNow: PartStatus[] = [{ part: 'kafka', state: 'running', address: '127.0.0.1:9093', pid: 11 }]
  stoppedParts: StoppedPart[] = [{ part: 'kafka', gone: ['pid 11', 'port 9093'] }]
  removedVolumes: string[] = ['/storage/kafka', '/storage/checkpoint']
  ownChecks: DoctorCheck[] = []

  readonly logLines: Record<LogPart, string[]> = { kafka: [], spark: [], driver: [] }
  /** Lines that are appended to a log while it is followed. */
  grownLines: string[] = []
  /** Called when a log is followed and all its lines were read. */
  onFollowed: () => void = () => undefined
  /** If set, reading a log fails with it. */
  logFailure: Error | undefined
  readonly logRequests: (LogOptions & { readonly part: LogPart })[] = []
  /** Called before a step of the journal is done; the step fails with what it throws. */
  onStep: (step: string) => unknown = () => undefined
  #driverReads = 0

  constructor(name: RuntimeName = 'local') {
    this.name = name
  }

  /** The driver runs and has committed its first batch. */
  becomeReady(): void {
    this.driverNow = driverIn('running', { pid: 4711 })
    this.logLines.driver.push(
      `${at(1)} started resumed_from_batch= ui=${this.sparkUi}`,
      `${at(2)} ready batch=0`,
    )
  }

  async preflight(signal: AbortSignal): Promise<void> {
    await this.#do('preflight', signal)
  }

  async start(_output: Output, signal: AbortSignal): Promise<void> {
    await this.#do('start', signal)
  }

  async clusterId(): Promise<string | undefined> {
    return this.clusterIdNow
  }

  async parts(): Promise<PartStatus[]> {
    return this.partsNow
  }

  async stop(signal: AbortSignal): Promise<StoppedPart[]> {
    await this.#do('stop', signal)
    return this.stoppedParts
  }

  async stopKafka(): Promise<StoppedPart[]> {
    await this.#do('stop Kafka')
    return this.stoppedParts
  }

  async removeVolumes(): Promise<string[]> {
    await this.#do('remove volumes')
    return this.removedVolumes
  }

  async startDriver(submission: Submission, signal: AbortSignal): Promise<void> {
    await this.#do('start driver', signal)
    this.submissions.push(submission)
    this.onStartDriver()
  }

  async driver(): Promise<DriverStatus | undefined> {
    this.#driverReads += 1
    this.onDriverRead(this.#driverReads)
    return this.driverNow
  }

  async stopDriver(timeoutMs: number, signal: AbortSignal): Promise<StopOutcome> {
    await this.#do('stop driver', signal)
    this.driverStopTimeoutMs = timeoutMs
    this.driverNow = undefined
    return this.stopOutcome
  }

  async *logs(part: LogPart, options: LogOptions, signal: AbortSignal): AsyncGenerator<string> {
    this.logRequests.push({ part, ...options })
    if (this.logFailure) throw this.logFailure
    if (options.lines > 0) yield* this.logLines[part].slice(-options.lines)
    if (!options.follow) return
    yield* this.grownLines
    this.onFollowed()
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
  }

  checks(): DoctorCheck[] {
    return this.ownChecks
  }

  async #do(step: string, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    this.journal.push(step)
    await this.onStep(step)
  }
}

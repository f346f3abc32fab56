import type { TopicsConfig } from '../config/config.ts'
import { CliError } from '../errors.ts'
import type { KafkaAccess } from './access.ts'
import { askCluster } from './ask-cluster.ts'
import type { ClusterMetadata } from './cluster-metadata.ts'
import { Budget } from './reach-budget.ts'
import { rightsText, topicsText } from './reach-cluster.ts'
import { codeOf, unreachable } from './reach-failures.ts'
import { type Finding, failureOf, findingsText, type Outcome } from './reach-findings.ts'
import { ServerProbe } from './reach-server.ts'

const TOTAL_MS = 15_000
/** Of one step; the steps that a silent server can take add up to less than the total. */
const STEP_MS = 3_500

/** One line of `doctor`. */
export interface KafkaCheck {
  readonly title: string
  /** Resolves to what it found; rejects with a CliError whose hint says what to do. */
  run(signal: AbortSignal): Promise<string>
}

type Look = (probe: ServerProbe, signal: AbortSignal) => Promise<Finding>

/**
 * Can the brokers that KAFKA_SERVERS names be used as the settings say? To be run in this order: a step tries only
 * servers that have passed those before it. All servers are tried at the same time, and all steps together take 15 s at
 * most. Sends no record and creates nothing.
 */
export function reachChecks(access: KafkaAccess, topics: TopicsConfig): KafkaCheck[] {
  const examination = new Examination(access, topics)
  const usesTls = access.securityProtocol.endsWith('SSL')
  const names: KafkaCheck = examination.step('Kafka: host names', (probe) => probe.checkNames())
  return [
    examination.step('Kafka: addresses', (probe, signal) => probe.resolve(signal), 'some'),
    examination.step('Kafka: ports', (probe, signal) => probe.connect(signal), 'some'),
    examination.step(usesTls ? 'Kafka: TLS' : 'Kafka: protocol', (probe, signal) => probe.greet(signal)),
    ...(usesTls ? [names] : []),
    examination.step('Kafka: login', (probe, signal) => examination.logIn(probe, signal)),
    { title: 'Kafka: all brokers', run: (signal) => examination.reachAdvertised(signal) },
    {
      title: 'Kafka: topics',
      run: () => examination.ofCluster(({ topics: found }) => topicsText(found, topics, access)),
    },
    {
      title: 'Kafka: rights',
      run: () => examination.ofCluster(({ topics: found }) => rightsText(found, topics, access)),
    },
  ]
}

/** What is known of a cluster so far. */
class Examination {
  readonly #access: KafkaAccess
  readonly #topics: readonly string[]
  readonly #budget = new Budget(TOTAL_MS)
  #probes: readonly ServerProbe[]
  #cluster: ClusterMetadata | undefined

  constructor(access: KafkaAccess, { input, output, deadLetter }: TopicsConfig) {
    this.#access = access
    this.#topics = [...new Set([input, output, deadLetter])]
    this.#probes = access.servers.map((server) => new ServerProbe(access, server))
  }

  /** A step at each server. `some`: a cluster can be used if only some of the servers pass, so the others are no failure. */
  step(title: string, look: Look, needed: 'all' | 'some' = 'all'): KafkaCheck {
    return {
      title,
      run: async (signal) => {
        if (this.#probes.length === 0) return 'not checked: no server has got this far'
        const outcomes = await lookAtEach(this.#probes, look, this.#limit(signal))
        signal.throwIfAborted()
        this.#probes = this.#probes.filter((_, nth) => !(outcomes[nth]?.found instanceof CliError))
        const failure = failureOf(outcomes)
        if (failure && (needed === 'all' || this.#probes.length === 0)) throw failure
        return [findingsText(outcomes), ...(failure ? [`beware: ${failure.message}`] : [])].join('\n')
      },
    }
  }

  async logIn(probe: ServerProbe, signal: AbortSignal): Promise<Finding> {
    probe.checkHandshake()
    const access = { ...this.#access, servers: [probe.server] }
    this.#cluster = await askCluster(access, this.#topics, { retries: 0, signal }).catch((error: unknown) => {
      if (codeOf(error) !== 'ETIMEDOUT') throw error
      const place = { access: this.#access, server: probe.server, origin: 'named' } as const
      throw unreachable(place, 'it does not answer to the login', 'closed', error)
    })
    const { sasl, ssl } = this.#access
    if (sasl) return { text: `accepts ${sasl.username} by ${sasl.mechanism}` }
    return { text: `asks for no login${ssl.cert ? ', and accepts the client certificate' : ''}` }
  }

  /** Clients connect to the addresses that brokers advertise, whatever KAFKA_SERVERS names. */
  async reachAdvertised(signal: AbortSignal): Promise<string> {
    return this.ofCluster(async ({ brokers }) => {
      const known = new Set(this.#probes.map(({ server }) => server))
      const others = brokers.filter((address) => !known.has(address))
      const probes = others.map((address) => new ServerProbe(this.#access, address, 'advertised'))
      const failure = failureOf(await lookAtEach(probes, greetByName, this.#limit(signal)))
      signal.throwIfAborted()
      if (failure) throw failure
      return `${brokers.join(', ')} can be reached`
    })
  }

  async ofCluster(work: (cluster: ClusterMetadata) => string | Promise<string>): Promise<string> {
    return this.#cluster ? work(this.#cluster) : 'not checked: there is no login to the cluster'
  }

  readonly #limit = (signal: AbortSignal) => this.#budget.limit(STEP_MS, signal)
}

async function greetByName(probe: ServerProbe, signal: AbortSignal): Promise<Finding> {
  await probe.greet(signal)
  return probe.checkNames()
}

const lookAtEach = (probes: readonly ServerProbe[], look: Look, signal: AbortSignal): Promise<Outcome[]> =>
  Promise.all(
    probes.map(async (probe) => ({
      server: probe.server,
      found: await look(probe, signal).catch((error: unknown) => {
        if (error instanceof CliError) return error
        throw error
      }),
    })),
  )

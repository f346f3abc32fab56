import type { Config } from '../config/config.ts'
import { CliError } from '../errors.ts'
import type { KafkaAccess } from '../kafka/access.ts'
import { readClusterId } from '../kafka/metadata.ts'
import { probeBroker } from '../kafka/probe.ts'
import type { BrokerPlace } from './places.ts'
import type { PartStatus, RuntimeContext } from './runtime.ts'

const ANSWER_MS = 12_000

/** The cluster that KAFKA_SERVERS names. Nothing there is started, stopped, changed or deleted. */
export class GivenBroker implements BrokerPlace {
  readonly kafka: KafkaAccess

  constructor({ config }: RuntimeContext) {
    this.kafka = givenBrokerAccess(config.kafka)
  }

  async preflight(signal: AbortSignal): Promise<void> {
    const state = await probeBroker(this.kafka, { timeoutMs: ANSWER_MS, signal })
    if (!state.ok) throw state.error
  }

  async start(): Promise<void> {}

  clusterId(): Promise<string | undefined> {
    return readClusterId(this.kafka).catch(() => undefined)
  }

  async parts(): Promise<PartStatus[]> {
    const part = { part: 'kafka', given: 'KAFKA_SERVERS', address: this.kafka.servers.join(',') } as const
    const state = await probeBroker(this.kafka, { timeoutMs: ANSWER_MS })
    return [state.ok ? { ...part, state: 'running' } : { ...part, state: 'unhealthy', detail: state.why }]
  }

  async stop(): Promise<[]> {
    return []
  }

  // biome-ignore lint/correctness/useYield: there are no lines to yield
  async *log(): AsyncGenerator<string> {
    throw new CliError('NOT_STARTED', 'the log of a Kafka cluster that KAFKA_SERVERS names is not here', {
      hint: 'Look at the logs of its brokers, on their machines. `cpu-anomaly doctor` checks how they answer.',
    })
  }
}

/** How clients reach the cluster that KAFKA_SERVERS names. */
export const givenBrokerAccess = ({
  servers,
  securityProtocol,
  sasl,
  ssl,
}: Config['kafka']): KafkaAccess => ({
  servers,
  securityProtocol,
  sasl,
  ssl,
  isOwn: false,
})

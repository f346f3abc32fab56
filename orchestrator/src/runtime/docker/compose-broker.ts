import type { KafkaAccess } from '../../kafka/access.ts'
import type { LogOptions } from '../../system/follow-file.ts'
import { clusterIdIn, ownBrokerAccess } from '../own-broker.ts'
import type { BrokerPlace } from '../places.ts'
import type { PartStatus } from '../runtime.ts'
import { readTextFile } from './container/files.ts'
import { containerLogs } from './container/logs.ts'
import { KAFKA, KAFKA_META_FILE } from './container/project.ts'
import { partsNow } from './stack/parts.ts'
import { requirePort } from './stack/port-check.ts'
import type { Stack } from './stack/stack.ts'

/** Kafka in a container of the folder's compose project, which Spark's place starts and stops as a whole. */
export class ComposeBroker implements BrokerPlace {
  readonly kafka: KafkaAccess
  readonly #stack: Stack

  constructor(stack: Stack) {
    const { config } = stack.context
    this.#stack = stack
    this.kafka = ownBrokerAccess(config.kafka, `127.0.0.1:${config.ports.kafka}`)
  }

  preflight(): Promise<void> {
    return requirePort(this.#stack, this.#stack.context.config.ports.kafka, 'KAFKA_PORT', 'Kafka')
  }

  async start(): Promise<void> {}

  async clusterId(): Promise<string | undefined> {
    const [broker] = await this.#stack.containers(KAFKA)
    if (!broker?.info.State.Running) return undefined
    return clusterIdIn(await readTextFile(broker.container, KAFKA_META_FILE))
  }

  parts(): Promise<PartStatus[]> {
    const address = `127.0.0.1:${this.#stack.context.config.ports.kafka}`
    return partsNow(this.#stack, [{ part: 'kafka', service: KAFKA, address }])
  }

  async stop(): Promise<[]> {
    return []
  }

  log(options: LogOptions, signal: AbortSignal): AsyncIterable<string> {
    return containerLogs(() => this.#stack.containers(KAFKA), options, signal)
  }
}

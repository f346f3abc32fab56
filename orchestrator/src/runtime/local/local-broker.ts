import type { KafkaAccess } from '../../kafka/access.ts'
import { followFile, type LogOptions } from '../../system/follow-file.ts'
import type { Output } from '../../terminal/output.ts'
import { ownBrokerAccess } from '../own-broker.ts'
import type { BrokerPlace } from '../places.ts'
import type { PartStatus, RuntimeContext, StoppedPart } from '../runtime.ts'
import { Broker } from './broker.ts'
import { installBroker } from './install.ts'
import { findJava } from './tools.ts'

/** Kafka as a process of this machine: one KRaft broker. */
export class LocalBroker implements BrokerPlace {
  readonly kafka: KafkaAccess
  readonly #context: RuntimeContext
  readonly #broker: Broker

  constructor(context: RuntimeContext) {
    this.#context = context
    this.kafka = ownBrokerAccess(context.config.kafka, `127.0.0.1:${context.config.ports.kafka}`)
    this.#broker = new Broker(context, this.kafka)
  }

  async preflight(): Promise<void> {
    await findJava(this.#context.env)
    await this.#broker.preflight()
  }

  async start(output: Output, signal: AbortSignal): Promise<void> {
    await output.step('Kafka', async (step) => {
      const { java, jars } = await installBroker(this.#context, step.update, signal)
      const wasRunning = (await this.#broker.running()) !== undefined
      step.update(wasRunning ? 'is running' : 'starting the broker')
      await this.#broker.start(java, jars, signal)
      step.done(
        `Kafka ${wasRunning ? 'was running and answers' : 'answers'} at ${this.kafka.servers.join(',')}`,
      )
    })
  }

  clusterId(): Promise<string | undefined> {
    return this.#broker.clusterId()
  }

  async parts(): Promise<PartStatus[]> {
    return [await this.#broker.status()]
  }

  async stop(): Promise<StoppedPart[]> {
    const stopped = await this.#broker.stop()
    return stopped ? [stopped] : []
  }

  log(options: LogOptions, signal: AbortSignal): AsyncIterable<string> {
    return followFile(this.#broker.logFile, options, signal)
  }
}

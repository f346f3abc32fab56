import type { Producer, RecordMetadata } from 'kafkajs'
import type { KafkaAccess } from './access.ts'
import { type ClientOptions, kafkaClient, withConnected } from './client.ts'
import { retryOptions } from './client-config.ts'

export type { Producer, RecordMetadata }

/**
 * A producer that neither loses, repeats nor reorders: acknowledged by all replicas, idempotent, one request at a time.
 * @throws CliError KAFKA_UNREACHABLE or KAFKA_REFUSED; the signal's reason when it aborts.
 */
export function withProducer<T>(
  access: KafkaAccess,
  work: (producer: Producer) => Promise<T>,
  options: ClientOptions = {},
): Promise<T> {
  const client = kafkaClient(access, options)
  const producer = client.kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    // By default, kafkajs retries an idempotent send for ever.
    retry: retryOptions(options),
  })
  return withConnected(access, client, producer, work, options)
}

/**
 * A producer for measurements: sends do not wait for each other, and a failed send is not retried.
 * @throws CliError KAFKA_UNREACHABLE or KAFKA_REFUSED; the signal's reason when it aborts.
 */
export function withOpenLoopProducer<T>(
  access: KafkaAccess,
  work: (producer: Producer) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const options = { signal, retries: 0 }
  const client = kafkaClient(access, options)
  const producer = client.kafka.producer({ allowAutoTopicCreation: false, retry: { retries: 0 } })
  return withConnected(access, client, producer, work, options)
}

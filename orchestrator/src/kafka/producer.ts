import type { Producer as KafkaProducer, RecordMetadata } from 'kafkajs'
import type { KafkaAccess } from './access.ts'
import { type ClientOptions, kafkaClient, withAdmin, withConnected } from './client.ts'
import { retryOptions } from './client-config.ts'
import { type Producer, withoutLoss } from './lossless-send.ts'
import { overElections } from './patience.ts'

export type { Producer, RecordMetadata }

/** About 30 s of attempts: a cluster takes 10 to 15 s to notice that a broker is dead and to elect other leaders. */
const PATIENT_RETRIES = 11
/** Longer than the patience of `overElections`. */
const CONNECT_MS = 30_000

/**
 * A producer that neither loses, repeats nor reorders: acknowledged by all replicas, idempotent, one request at a time.
 * A send to brokers that KAFKA_SERVERS names goes on trying for half a minute; connecting to them fails at once.
 * @throws CliError KAFKA_UNREACHABLE or KAFKA_REFUSED; the signal's reason when it aborts.
 */
export async function withProducer<T>(
  access: KafkaAccess,
  work: (producer: Producer) => Promise<T>,
  options: ClientOptions = {},
): Promise<T> {
  const { retries, ...limits } = options
  // kafkajs has the same retries for connecting as for what a send does when a broker is lost.
  if (!access.isOwn) await withAdmin(access, async () => {}, limits)
  const patience = access.isOwn ? options : { ...options, retries: Math.max(retries ?? 0, PATIENT_RETRIES) }
  const client = kafkaClient(access, patience)
  const producer = client.kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    // By default, kafkajs retries an idempotent send for ever.
    retry: retryOptions(patience),
  })
  return withConnected(
    access,
    client,
    access.isOwn ? producer : patiently(producer, access, options),
    () => work(withoutLoss(producer)),
    access.isOwn ? options : { ...options, connectTimeoutMs: CONNECT_MS },
  )
}

/** Beside a login, connecting takes an id from a broker, which may have died just now: kafkajs gives up then. */
const patiently = (
  producer: KafkaProducer,
  access: KafkaAccess,
  { signal }: ClientOptions,
): Pick<KafkaProducer, 'connect' | 'disconnect'> => ({
  connect: () =>
    overElections(access, { signal }, (isConnected) => {
      isConnected() // to the cluster: as this user, a moment ago
      return producer.connect()
    }),
  disconnect: () => producer.disconnect(),
})

/**
 * A producer for measurements: sends do not wait for each other, and a failed send is not retried.
 * @throws CliError KAFKA_UNREACHABLE or KAFKA_REFUSED; the signal's reason when it aborts.
 */
export function withOpenLoopProducer<T>(
  access: KafkaAccess,
  work: (producer: KafkaProducer) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const options = { signal, retries: 0 }
  const client = kafkaClient(access, options)
  const producer = client.kafka.producer({ allowAutoTopicCreation: false, retry: { retries: 0 } })
  return withConnected(access, client, producer, work, options)
}

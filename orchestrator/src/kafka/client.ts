import type { Socket } from 'node:net'
import kafkajs, { type Admin, Kafka } from 'kafkajs'
import { settlesWithin, withDeadline } from '../system/deadline.ts'
import type { KafkaAccess } from './access.ts'
import { CONNECTION_TIMEOUT_MS, clientConfig, DEFAULT_RETRIES, type RequestLimits } from './client-config.ts'
import { registerCodecs } from './codecs.ts'
import { noAnswer, translateKafkaError } from './errors.ts'
import { overElections } from './patience.ts'
import { silenceTimeoutWarning } from './timeout-warning.ts'

const CONNECT_TIMEOUT_MS = 12_000
const DISCONNECT_TIMEOUT_MS = 2_000

/** The resource type of a topic in `describeConfigs`. */
export const TOPIC_RESOURCE = kafkajs.ConfigResourceTypes.TOPIC

export interface ClientOptions extends RequestLimits {
  readonly signal?: AbortSignal
  /** Limit for connecting, all attempts together; 12 s by default. */
  readonly connectTimeoutMs?: number
}

export interface KafkaClient {
  readonly kafka: Kafka
  /** Closes every connection at once, even in the middle of a request. */
  destroy(): void
}

/** A kafkajs client that logs nothing, and whose connections can be closed at once. */
export function kafkaClient(access: KafkaAccess, options: ClientOptions = {}): KafkaClient {
  silenceTimeoutWarning()
  registerCodecs()
  const sockets = new Set<Socket>()
  return {
    kafka: new Kafka(clientConfig(access, { ...options, ...seedLimits(access, options) }, sockets)),
    destroy: () => {
      for (const socket of sockets) socket.destroy(new Error('the connection was closed by this client'))
    },
  }
}

/** Every server that the settings name is tried before connecting fails: kafkajs takes them in turn, one per retry. */
function seedLimits({ servers }: KafkaAccess, options: ClientOptions): RequestLimits {
  if (servers.length === 1) return {}
  const { retries = DEFAULT_RETRIES, connectTimeoutMs = CONNECT_TIMEOUT_MS } = options
  return {
    retries: Math.max(retries, servers.length - 1),
    connectionTimeoutMs: Math.min(CONNECTION_TIMEOUT_MS, Math.floor(connectTimeoutMs / servers.length)),
  }
}

/**
 * The work begins anew if a broker is lost or leaders are elected meanwhile.
 * @throws CliError KAFKA_UNREACHABLE or KAFKA_REFUSED; the signal's reason when it aborts.
 */
export function withAdmin<T>(
  access: KafkaAccess,
  work: (admin: Admin) => Promise<T>,
  options: ClientOptions = {},
): Promise<T> {
  const { signal, connectTimeoutMs: patienceMs } = options
  return overElections(access, { signal, patienceMs }, (connected) => {
    const client = kafkaClient(access, options)
    const begun = (admin: Admin) => {
      connected()
      return work(admin)
    }
    return withConnected(access, client, client.kafka.admin(), begun, options)
  })
}

/**
 * Connects, does the work and disconnects, whatever happens.
 * @throws CliError KAFKA_UNREACHABLE or KAFKA_REFUSED; the signal's reason when it aborts; what the work throws.
 */
export async function withConnected<C extends { connect(): Promise<void>; disconnect(): Promise<void> }, T>(
  access: KafkaAccess,
  client: KafkaClient,
  connection: C,
  work: (connection: C) => Promise<T>,
  options: ClientOptions,
): Promise<T> {
  const { signal, connectTimeoutMs = CONNECT_TIMEOUT_MS } = options
  signal?.throwIfAborted()
  try {
    await withBrokerDeadline(connection.connect(), access, connectTimeoutMs, signal)
    return await work(connection)
  } catch (error) {
    client.destroy()
    signal?.throwIfAborted()
    throw translateKafkaError(error, access) ?? error
  } finally {
    await settlesWithin(connection.disconnect(), DISCONNECT_TIMEOUT_MS)
    client.destroy()
  }
}

/**
 * Settles as the work of a client does.
 * @throws CliError KAFKA_UNREACHABLE at the deadline; the signal's reason when it aborts; what the work throws.
 */
export function withBrokerDeadline<T>(
  work: Promise<T>,
  access: KafkaAccess,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<T> {
  return withDeadline(work, { timeoutMs, signal, late: () => noAnswer(access, timeoutMs) })
}

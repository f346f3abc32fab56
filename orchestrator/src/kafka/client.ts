import { readFileSync } from 'node:fs'
import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import kafkajs, {
  type Admin,
  Kafka,
  type KafkaConfig,
  Partitioners,
  type Producer,
  type SASLOptions,
} from 'kafkajs'
import { CliError, errorMessage } from '../errors.ts'
import { settlesWithin, withDeadline } from '../system/deadline.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from '../system/wait.ts'
import type { KafkaAccess } from './access.ts'
import { isCoordinatorStarting, kafkaErrorType, noAnswer, translateKafkaError } from './errors.ts'
import { silenceTimeoutWarning } from './timeout-warning.ts'

/** Connecting, all attempts together, is given up after this. */
const CONNECT_DEADLINE_MS = 12_000
const DISCONNECT_DEADLINE_MS = 2_000
const CLIENT_ID = 'cpu-anomaly'

/** What `describeConfigs` calls a topic. */
export const TOPIC_RESOURCE = kafkajs.ConfigResourceTypes.TOPIC

export type { Producer }

export interface ClientOptions {
  readonly signal?: AbortSignal
  /** How long connecting may take, all attempts together. */
  readonly connectTimeoutMs?: number
  /** How long one request may take. */
  readonly requestTimeoutMs?: number
  /** How often a request is tried again, first after 100 ms, then after twice as long each time (5 s at most). */
  readonly retries?: number
}

export interface KafkaClient {
  readonly kafka: Kafka
  /** The settings that kafkajs got. */
  readonly config: KafkaConfig
  /** Ends every connection at once, whatever is under way. */
  cut(): void
}

/** A kafkajs client for this broker, silent, whose connections can be cut. */
export function kafkaClient(access: KafkaAccess, options: ClientOptions = {}): KafkaClient {
  silenceTimeoutWarning()
  const sockets = new Set<Socket>()
  const config = clientConfig(access, options, sockets)
  return {
    kafka: new Kafka(config),
    config,
    cut: () => {
      for (const socket of sockets) socket.destroy(new Error('the connection was ended here'))
    },
  }
}

/** @throws CliError KAFKA_UNREACHABLE or KAFKA_REFUSED; the signal's reason when it aborts. */
export function withAdmin<T>(
  access: KafkaAccess,
  work: (admin: Admin) => Promise<T>,
  options: ClientOptions = {},
): Promise<T> {
  const client = kafkaClient(access, options)
  return withConnected(access, client, client.kafka.admin(), work, options)
}

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
    createPartitioner: oncePerKey,
    // kafkajs would try an idempotent send for ever.
    retry: retryOf(options),
  })
  return withConnected(access, client, producer, work, options)
}

/**
 * A producer whose sends do not wait for each other, for measuring: a send that fails is not tried again.
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

/** The default choice of a partition, worked out once for records that follow each other with the same key. */
function oncePerKey(): ReturnType<typeof Partitioners.DefaultPartitioner> {
  const choose = Partitioners.DefaultPartitioner()
  let last: { readonly key: unknown; readonly partitions: unknown; readonly choice: number } | undefined
  return (args) => {
    const { key, partition } = args.message
    if (key == null || partition != null) return choose(args)
    if (last?.key !== key || last.partitions !== args.partitionMetadata)
      last = { key, partitions: args.partitionMetadata, choice: choose(args) }
    return last.choice
  }
}

export type BrokerState =
  | { readonly ok: true }
  | { readonly ok: false; readonly why: string; readonly error: CliError }

/**
 * Is the broker really ready? It names a controller, and its group coordinator answers: a broker that has just
 * started serves metadata while its coordinator is still loading. Leaves nothing behind. Aborts with the signal's reason.
 */
export async function probeBroker(
  access: KafkaAccess,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<BrokerState> {
  const { timeoutMs, signal } = options
  const limits = {
    connectTimeoutMs: timeoutMs,
    requestTimeoutMs: timeoutMs,
    retries: 0,
    ...(signal ? { signal } : {}),
  }
  try {
    await withAdmin(access, (admin) => within(access, limits, timeoutMs, () => askBroker(admin)), limits)
    return { ok: true }
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof CliError) return { ok: false, why: error.message, error }
    throw error
  }
}

const READY_TIMEOUT_MS = 60_000

/** Waits until a broker that has just started is really ready. @throws CliError with what it answered last. */
export async function untilBrokerAnswers(access: KafkaAccess, signal: AbortSignal): Promise<void> {
  let last: CliError | undefined
  try {
    await waitUntil(
      'the broker',
      async () => {
        const state = await probeBroker(access, { timeoutMs: 5_000, signal })
        if (state.ok) return arrived(undefined)
        last = state.error
        return notYet(state.why)
      },
      { timeoutMs: READY_TIMEOUT_MS, signal },
    )
  } catch (error) {
    throw error instanceof WaitTimeout && last ? last : error
  }
}

/** The cluster's own id, which it got when its storage was formatted. */
export async function clusterId(access: KafkaAccess, options: ClientOptions = {}): Promise<string> {
  return (await withAdmin(access, (admin) => admin.describeCluster(), options)).clusterId
}

async function askBroker(admin: Admin): Promise<void> {
  const { controller, brokers } = await admin.describeCluster()
  if (controller === null || controller < 0 || brokers.length === 0)
    throw new CliError('KAFKA_UNREACHABLE', 'Kafka has no controller yet')
  try {
    await admin.fetchOffsets({ groupId: `${CLIENT_ID}-probe` })
  } catch (error) {
    const type = kafkaErrorType(error)
    if (type === 'GROUP_AUTHORIZATION_FAILED') return // an answer all the same
    if (isCoordinatorStarting(error))
      throw new CliError('KAFKA_UNREACHABLE', 'Kafka is up, but its group coordinator is still starting', {
        cause: error,
      })
    throw error
  }
}

async function withConnected<C extends { connect(): Promise<void>; disconnect(): Promise<void> }, T>(
  access: KafkaAccess,
  client: KafkaClient,
  connection: C,
  work: (connection: C) => Promise<T>,
  options: ClientOptions,
): Promise<T> {
  options.signal?.throwIfAborted()
  try {
    await within(access, options, options.connectTimeoutMs ?? CONNECT_DEADLINE_MS, () => connection.connect())
    return await work(connection)
  } catch (error) {
    client.cut()
    options.signal?.throwIfAborted()
    throw translateKafkaError(error, access) ?? error
  } finally {
    await settlesWithin(connection.disconnect(), DISCONNECT_DEADLINE_MS)
    client.cut()
  }
}

/** @throws CliError KAFKA_UNREACHABLE at the deadline, the signal's reason when it aborts, or what the work throws. */
export function within<T>(
  access: KafkaAccess,
  { signal }: ClientOptions,
  timeoutMs: number,
  work: () => Promise<T>,
): Promise<T> {
  return withDeadline(work(), { timeoutMs, signal, late: () => noAnswer(access, timeoutMs) })
}

function clientConfig(access: KafkaAccess, options: ClientOptions, sockets: Set<Socket>): KafkaConfig {
  return {
    clientId: CLIENT_ID,
    brokers: [...access.servers],
    connectionTimeout: 4_000,
    authenticationTimeout: 8_000,
    requestTimeout: options.requestTimeoutMs ?? 15_000,
    retry: retryOf(options),
    logCreator: () => () => {},
    socketFactory: ({ host, port, ssl, onConnect }) => {
      const socket = ssl
        ? connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
        : connectPlain({ host, port }, onConnect)
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      return socket.setNoDelay(true).setKeepAlive(true, 60_000)
    },
    ...(access.securityProtocol.endsWith('SSL') ? { ssl: tlsOptions(access.ssl) } : {}),
    ...(access.securityProtocol.startsWith('SASL') && access.sasl ? { sasl: saslOptions(access.sasl) } : {}),
  }
}

const retryOf = ({ retries }: ClientOptions) => ({
  retries: retries ?? 2,
  initialRetryTime: 100,
  maxRetryTime: 5_000,
  factor: 0.2,
  multiplier: 2,
})

function saslOptions({ mechanism, username, password }: NonNullable<KafkaAccess['sasl']>): SASLOptions {
  return {
    mechanism: mechanism.toLowerCase() as 'plain' | 'scram-sha-256' | 'scram-sha-512',
    username,
    password,
  }
}

function tlsOptions({ ca, cert, key, keyPassword }: KafkaAccess['ssl']) {
  return {
    ...(ca ? { ca: [readPem('KAFKA_SSL_CA', ca)] } : {}),
    ...(cert ? { cert: readPem('KAFKA_SSL_CERT', cert) } : {}),
    ...(key ? { key: readPem('KAFKA_SSL_KEY', key) } : {}),
    ...(keyPassword ? { passphrase: keyPassword } : {}),
  }
}

function readPem(setting: string, path: string): string {
  try {
    const text = readFileSync(path, 'utf8')
    if (text.includes('-----BEGIN ')) return text
    throw new Error('it is no PEM file (no "-----BEGIN" in it)')
  } catch (error) {
    throw new CliError('CONFIGURATION', `${setting}=${path}: ${errorMessage(error)}`, {
      hint: `Set ${setting} to a readable file in PEM format.`,
      cause: error,
    })
  }
}

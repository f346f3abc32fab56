import { CliError, type ErrorCode } from '../errors.ts'

/** The fields of a kafkajs error that are used here. Its class is taken from `name`: not every class is exported. */
interface KafkaFailure {
  readonly name: string
  readonly message: string
  readonly code?: unknown
  /** Kafka's name for a protocol error. */
  readonly type?: string
  readonly broker?: string
  readonly topic?: string
  readonly retriable?: boolean
}

/** The brokers that the failing client used, and its security protocol. */
export interface BrokerEndpoint {
  readonly servers: readonly string[]
  readonly securityProtocol: string
}

const NETWORK_CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ENOTFOUND: 'no host has this name',
  EAI_AGAIN: 'the host name could not be resolved',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'no route to this host',
  ENETUNREACH: 'no route to this network',
}

const CERTIFICATE_CODES =
  /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_|ERR_TLS_CERT|HOSTNAME_MISMATCH)/
const NOT_TLS = /wrong version number|packet length too long|before secure TLS connection|SSL routines/
const REFUSALS =
  /AUTHORIZATION_FAILED$|^(?:SASL_AUTHENTICATION_FAILED|UNSUPPORTED_SASL_MECHANISM|POLICY_VIOLATION)$/

const START_HINT =
  'Start the broker with `cpu-anomaly up`, or correct KAFKA_SERVERS (or KAFKA_PORT) in .env; `cpu-anomaly doctor` checks both.'

const KAFKA_CODES: ReadonlySet<ErrorCode> = new Set(['KAFKA_UNREACHABLE', 'KAFKA_REFUSED', 'NO_SUCH_TOPIC'])

/** True for an error that reports what a broker answered, or that none did. */
export const isKafkaError = (error: CliError): boolean => KAFKA_CODES.has(error.code)

/** A kafkajs error as an error for the user; undefined if neither a user nor a broker can cause it. */
export function translateKafkaError(error: unknown, endpoint: BrokerEndpoint): CliError | undefined {
  if (error instanceof CliError) return error
  const failure = rootFailure(error)
  if (!failure) return undefined
  const translations = [
    refusal,
    wrongClock,
    tlsFailure,
    closedConnection,
    networkFailure,
    missingTopic,
    otherFailure,
  ]
  for (const translate of translations) {
    const translated = translate(failure, endpoint)
    if (translated) return translated
  }
  return undefined
}

/** The error for a broker that did not answer before our own deadline. */
export function noAnswer(endpoint: BrokerEndpoint, timeoutMs: number, cause?: unknown): CliError {
  const known = cause === undefined ? undefined : translateKafkaError(cause, endpoint)
  if (known && !known.message.includes('no answer')) return known
  return unreachable(endpoint.servers.join(','), `no answer within ${timeoutMs / 1000} s`, START_HINT, cause)
}

/** Kafka's name for what went wrong, such as `TOPIC_ALREADY_EXISTS`. */
export const kafkaErrorType = (error: unknown): string | undefined => rootFailure(error)?.type

/** Is this the error of a broker that is still starting: it answers, but its group coordinator does not yet? */
export function isCoordinatorStarting(error: unknown): boolean {
  const failure = rootFailure(error)
  return failure?.name === 'KafkaJSGroupCoordinatorNotFound' || /COORDINATOR/.test(failure?.type ?? '')
}

const TRANSIENT_TYPES = /^(?:UNKNOWN_TOPIC_OR_PARTITION|OFFSET_OUT_OF_RANGE)$/

/** Can the same request succeed later: once the broker is back, has a leader again, or has new metadata? */
export function isTransient(error: unknown, endpoint: BrokerEndpoint): boolean {
  const failure = rootFailure(error)
  if (failure && (failure.retriable === true || TRANSIENT_TYPES.test(failure.type ?? ''))) return true
  return translateKafkaError(error, endpoint)?.code === 'KAFKA_UNREACHABLE'
}

/** The innermost kafkajs error: retries and collections wrap what happened. */
function rootFailure(error: unknown): KafkaFailure | undefined {
  if (!(error instanceof Error)) return undefined
  const collected = (error as { errors?: unknown }).errors
  const inner = Array.isArray(collected) ? collected[0] : error.cause
  return rootFailure(inner) ?? (error.name.startsWith('KafkaJS') ? (error as KafkaFailure) : undefined)
}

function refusal(failure: KafkaFailure, { servers, securityProtocol }: BrokerEndpoint): CliError | undefined {
  const at = failure.broker ?? servers.join(',')
  if (failure.name === 'KafkaJSSASLAuthenticationError')
    return new CliError('KAFKA_REFUSED', `the broker at ${at} refused the login: ${plain(failure.message)}`, {
      hint: 'Correct KAFKA_USERNAME, KAFKA_PASSWORD or KAFKA_SASL_MECHANISM in .env.',
      cause: failure,
    })
  if (failure.type === 'ILLEGAL_SASL_STATE')
    return new CliError(
      'KAFKA_REFUSED',
      `the broker at ${at} expects a security protocol other than ${securityProtocol}`,
      {
        hint: 'Correct KAFKA_SECURITY_PROTOCOL in .env: this listener does not use SASL.',
        cause: failure,
      },
    )
  if (!failure.type || !REFUSALS.test(failure.type)) return undefined
  return new CliError('KAFKA_REFUSED', `the broker at ${at} refused: ${failure.message} (${failure.type})`, {
    hint: 'Grant this user (with Kafka ACLs) the right to create, read and write the topics, or use another user.',
    cause: failure,
  })
}

function wrongClock(failure: KafkaFailure): CliError | undefined {
  if (failure.type !== 'INVALID_TIMESTAMP') return undefined
  return new CliError(
    'KAFKA_REFUSED',
    "Kafka refused the timestamps of the records: this machine's clock is ahead of the broker's, by an hour or more",
    {
      hint: 'Set the clock right, or let the topic stamp records itself: message.timestamp.type=LogAppendTime.',
      cause: failure,
    },
  )
}

function tlsFailure(failure: KafkaFailure, { servers }: BrokerEndpoint): CliError | undefined {
  const at = failure.broker ?? servers.join(',')
  if (CERTIFICATE_CODES.test(String(failure.code ?? '')))
    return unreachable(
      at,
      `its certificate is not trusted here (${plain(failure.message)})`,
      "Set KAFKA_SSL_CA in .env to the PEM file of the broker's certificate authority, and use the host name that is in the certificate.",
      failure,
    )
  if (!NOT_TLS.test(failure.message)) return undefined
  return unreachable(
    at,
    'it does not use TLS on this port, or it requires a client certificate',
    'Set KAFKA_SECURITY_PROTOCOL=PLAINTEXT (or SASL_PLAINTEXT) in .env, or use the port of its TLS listener.',
    failure,
  )
}

function closedConnection(
  failure: KafkaFailure,
  { servers, securityProtocol }: BrokerEndpoint,
): CliError | undefined {
  if (failure.name !== 'KafkaJSConnectionClosedError') return undefined
  const at = failure.broker ?? servers.join(',')
  return unreachable(
    at,
    `it closed the connection; it may expect a security protocol other than ${securityProtocol}`,
    'Set KAFKA_SECURITY_PROTOCOL in .env to the protocol of this listener (PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL); if it is right, check whether the broker is still up.',
    failure,
  )
}

function networkFailure(failure: KafkaFailure, { servers }: BrokerEndpoint): CliError | undefined {
  const isNetwork =
    failure.name === 'KafkaJSConnectionError' ||
    failure.name === 'KafkaJSRequestTimeoutError' ||
    failure.name === 'KafkaJSNoBrokerAvailableError'
  if (!isNetwork) return undefined
  const at = failure.broker ?? servers.join(',')
  const known = NETWORK_CAUSES[String(failure.code ?? '')]
  const cause = known ?? (/time(?:d )?out/i.test(failure.message) ? 'no answer' : plain(failure.message))
  return unreachable(
    at,
    cause,
    servers.includes(at) || at === servers.join(',') ? START_HINT : advertisedHint(at),
    failure,
  )
}

const advertisedHint = (at: string): string =>
  `The broker answered, but advertises ${at}, which this machine cannot reach: correct its advertised.listeners.`

/** The error for a topic that does not exist; names those of `present` that are not internal. */
export function noSuchTopic(topic: string, endpoint: BrokerEndpoint, present: readonly string[]): CliError {
  const topics = present.filter((name) => !name.startsWith('__')).sort()
  const there = topics.length > 0 ? `Topics there: ${topics.join(', ')}.` : 'There are no topics yet.'
  return new CliError('NO_SUCH_TOPIC', `there is no topic ${topic} at ${endpoint.servers.join(',')}`, {
    hint: `${there}\n\`cpu-anomaly up\` creates the topics of this folder.`,
  })
}

function missingTopic(failure: KafkaFailure): CliError | undefined {
  if (failure.type !== 'UNKNOWN_TOPIC_OR_PARTITION') return undefined
  return new CliError('NO_SUCH_TOPIC', `the broker has no topic ${failure.topic ?? 'of this name'}`, {
    hint: 'Create it with `cpu-anomaly up`.',
    cause: failure,
  })
}

function otherFailure(failure: KafkaFailure, { servers }: BrokerEndpoint): CliError {
  const type = failure.type ? ` (${failure.type})` : ''
  return new CliError('KAFKA_REFUSED', `Kafka at ${servers.join(',')}: ${plain(failure.message)}${type}`, {
    hint: "See the broker's log: `cpu-anomaly logs kafka`.",
    cause: failure,
  })
}

function unreachable(at: string, why: string, hint: string, cause: unknown): CliError {
  return new CliError('KAFKA_UNREACHABLE', `no Kafka at ${at}: ${why}`, { hint, cause })
}

/** The message on one line, without the prefix that kafkajs adds to Node's own. */
function plain(message: string): string {
  return message
    .replace(/^(?:Connection error|Failed to connect): /, '')
    .replace(/\s*\n\s*/g, ' ')
    .trim()
}

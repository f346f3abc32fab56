import { CliError, type ErrorCode } from '../errors.ts'
import { hintFor, type Remedy } from './error-hints.ts'
import { type TlsFiles, tlsTrouble } from './tls-trouble.ts'

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
  readonly ssl?: TlsFiles
  readonly sasl?: { readonly mechanism: string; readonly username: string } | undefined
  /** Is it the broker that this stack starts? */
  readonly isOwn?: boolean
}

/** Why there is no connection, by Node's code. */
export const NETWORK_CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ENOTFOUND: 'no host has this name',
  EAI_AGAIN: 'the host name could not be resolved',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'no route to this host',
  ENETUNREACH: 'no route to this network',
}

const REFUSALS = /AUTHORIZATION_FAILED$|^(?:SASL_AUTHENTICATION_FAILED|POLICY_VIOLATION)$/

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
export const noAnswer = (endpoint: BrokerEndpoint, timeoutMs: number): CliError =>
  unreachable(endpoint, `no answer within ${timeoutMs / 1000} s`, 'unreachable')

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

const LOST = /^KafkaJS(?:Connection(?:Closed)?Error|BrokerNotFound)$/
const ELECTION =
  /^(?:LEADER_NOT_AVAILABLE|NOT_LEADER_FOR_PARTITION|REPLICA_NOT_AVAILABLE|BROKER_NOT_AVAILABLE)$/

/** Has a cluster lost a broker, or does it elect leaders, so that the same request can succeed within seconds? */
export function isElection(error: unknown): boolean {
  const failure = rootFailure(error)
  return failure !== undefined && (LOST.test(failure.name) || ELECTION.test(failure.type ?? ''))
}

/** The innermost kafkajs error: retries and collections wrap what happened. */
function rootFailure(error: unknown): KafkaFailure | undefined {
  if (!(error instanceof Error)) return undefined
  const collected = (error as { errors?: unknown }).errors
  const inner = Array.isArray(collected) ? collected[0] : error.cause
  return rootFailure(inner) ?? (error.name.startsWith('KafkaJS') ? (error as KafkaFailure) : undefined)
}

function refusal(failure: KafkaFailure, endpoint: BrokerEndpoint): CliError | undefined {
  const at = failure.broker ?? endpoint.servers.join(',')
  const refused = (what: string, remedy: Remedy) =>
    new CliError('KAFKA_REFUSED', `the broker at ${at} ${what}`, {
      hint: hintFor(remedy, endpoint),
      cause: failure,
    })
  if (failure.type === 'UNSUPPORTED_SASL_MECHANISM')
    return refused(`does not offer KAFKA_SASL_MECHANISM=${endpoint.sasl?.mechanism}`, 'mechanism')
  if (failure.name === 'KafkaJSSASLAuthenticationError')
    return refused(`refused the login${loginName(endpoint)}: ${plain(failure.message)}`, 'login')
  if (failure.type === 'ILLEGAL_SASL_STATE')
    return refused(`expects a security protocol other than ${endpoint.securityProtocol}`, 'protocol')
  if (!failure.type || !REFUSALS.test(failure.type)) return undefined
  return refused(`refused: ${failure.message} (${failure.type})`, 'rights')
}

/** Of a user whom .env names. */
const loginName = ({ isOwn, sasl }: BrokerEndpoint): string =>
  sasl && !isOwn ? ` of KAFKA_USERNAME=${sasl.username}` : ''

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

function tlsFailure(failure: KafkaFailure, endpoint: BrokerEndpoint): CliError | undefined {
  const trouble = tlsTrouble(String(failure.code ?? ''), plain(failure.message), endpoint.ssl ?? {})
  return trouble && unreachable(endpoint, trouble.why, trouble.remedy, failure)
}

function closedConnection(failure: KafkaFailure, endpoint: BrokerEndpoint): CliError | undefined {
  if (failure.name !== 'KafkaJSConnectionClosedError') return undefined
  const why = `it closed the connection; it may expect a security protocol other than ${endpoint.securityProtocol}`
  return unreachable(endpoint, why, 'closed', failure)
}

function networkFailure(failure: KafkaFailure, endpoint: BrokerEndpoint): CliError | undefined {
  const isNetwork =
    failure.name === 'KafkaJSConnectionError' ||
    failure.name === 'KafkaJSRequestTimeoutError' ||
    failure.name === 'KafkaJSNoBrokerAvailableError'
  if (!isNetwork) return undefined
  const { broker } = failure
  const known = NETWORK_CAUSES[String(failure.code ?? '')]
  const cause = known ?? (/time(?:d )?out/i.test(failure.message) ? 'no answer' : plain(failure.message))
  const isNamed = broker === undefined || endpoint.servers.includes(broker)
  return unreachable(endpoint, cause, isNamed ? 'unreachable' : 'advertised', failure)
}

/** A cluster may have thousands of topics. */
const MOST_NAMED = 20

/** The error for a topic that does not exist; names those of `present` that are not internal. */
export function noSuchTopic(topic: string, endpoint: BrokerEndpoint, present: readonly string[]): CliError {
  const topics = present.filter((name) => !name.startsWith('__')).sort()
  const more = topics.length > MOST_NAMED ? ` and ${topics.length - MOST_NAMED} more` : ''
  const named = `Topics there: ${topics.slice(0, MOST_NAMED).join(', ')}${more}.`
  const there = topics.length > 0 ? named : 'There are no topics yet.'
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

function otherFailure(failure: KafkaFailure, endpoint: BrokerEndpoint): CliError {
  const type = failure.type ? ` (${failure.type})` : ''
  const at = endpoint.servers.join(',')
  return new CliError('KAFKA_REFUSED', `Kafka at ${at}: ${plain(failure.message)}${type}`, {
    hint: hintFor('other', endpoint),
    cause: failure,
  })
}

/** The address is that of the broker that failed, which the servers named by the user may have advertised. */
function unreachable(
  endpoint: BrokerEndpoint,
  why: string,
  remedy: Remedy,
  failure?: KafkaFailure,
): CliError {
  const at = failure?.broker ?? endpoint.servers.join(',')
  return new CliError('KAFKA_UNREACHABLE', `no Kafka at ${at}: ${why}`, {
    hint: hintFor(remedy, endpoint),
    cause: failure,
  })
}

/** The message on one line, without the prefix that kafkajs adds to Node's own. */
function plain(message: string): string {
  return message
    .replace(/^(?:Connection error|Failed to connect): /, '')
    .replace(/\s*\n\s*/g, ' ')
    .trim()
}

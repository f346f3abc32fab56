import { CliError } from '../errors.ts'

/** What is read of a kafkajs error; its classes are told apart by name, as they say themselves. */
interface KafkaFailure {
  readonly name: string
  readonly message: string
  readonly code?: unknown
  /** Kafka's own name of a protocol error. */
  readonly type?: string
  readonly broker?: string
  readonly topic?: string
  readonly retriable?: boolean
}

/** Whom the failing client talked to, and how. */
export interface Spoken {
  readonly servers: readonly string[]
  readonly securityProtocol: string
}

const NETWORK_CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ENOTFOUND: 'no machine has this name',
  EAI_AGAIN: 'the name could not be looked up',
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

/** A failure of kafkajs as an error for the user; undefined when it is none that a user or a broker can cause. */
export function translateKafkaError(error: unknown, spoken: Spoken): CliError | undefined {
  if (error instanceof CliError) return error
  const failure = rootFailure(error)
  if (!failure) return undefined
  const explain = [refusal, tlsFailure, closedConnection, networkFailure, missingTopic, otherFailure]
  for (const explanation of explain) {
    const found = explanation(failure, spoken)
    if (found) return found
  }
  return undefined
}

/** No answer at all within a deadline that is ours. */
export function noAnswer(spoken: Spoken, timeoutMs: number, cause?: unknown): CliError {
  const told = cause === undefined ? undefined : translateKafkaError(cause, spoken)
  if (told && !told.message.includes('no answer')) return told
  return unreachable(spoken.servers.join(','), `no answer within ${timeoutMs / 1000} s`, START_HINT, cause)
}

/** Kafka's own name of what went wrong, such as `TOPIC_ALREADY_EXISTS`. */
export const kafkaErrorType = (error: unknown): string | undefined => rootFailure(error)?.type

/** A broker that has just started: it answers, but its group coordinator does not yet. */
export function isCoordinatorStarting(error: unknown): boolean {
  const failure = rootFailure(error)
  return failure?.name === 'KafkaJSGroupCoordinatorNotFound' || /COORDINATOR/.test(failure?.type ?? '')
}

const PASSING = /^(?:UNKNOWN_TOPIC_OR_PARTITION|OFFSET_OUT_OF_RANGE)$/

/** May the same work once the broker is back, has a leader again, or is asked anew? */
export function isPassing(error: unknown, spoken: Spoken): boolean {
  const failure = rootFailure(error)
  if (failure && (failure.retriable === true || PASSING.test(failure.type ?? ''))) return true
  return translateKafkaError(error, spoken)?.code === 'KAFKA_UNREACHABLE'
}

/** Retries and collections wrap what happened: the innermost kafkajs error says it. */
function rootFailure(error: unknown): KafkaFailure | undefined {
  if (!(error instanceof Error)) return undefined
  const collected = (error as { errors?: unknown }).errors
  const inner = Array.isArray(collected) ? collected[0] : error.cause
  return rootFailure(inner) ?? (error.name.startsWith('KafkaJS') ? (error as KafkaFailure) : undefined)
}

function refusal(failure: KafkaFailure, { servers, securityProtocol }: Spoken): CliError | undefined {
  const at = failure.broker ?? servers.join(',')
  if (failure.name === 'KafkaJSSASLAuthenticationError')
    return new CliError('KAFKA_REFUSED', `the broker at ${at} refused the login: ${plain(failure.message)}`, {
      hint: 'Correct KAFKA_USERNAME, KAFKA_PASSWORD or KAFKA_SASL_MECHANISM in .env.',
      cause: failure,
    })
  if (failure.type === 'ILLEGAL_SASL_STATE')
    return new CliError(
      'KAFKA_REFUSED',
      `the broker at ${at} expects another security protocol than ${securityProtocol}`,
      {
        hint: 'Correct KAFKA_SECURITY_PROTOCOL in .env; this listener does not do what was asked of it.',
        cause: failure,
      },
    )
  if (!failure.type || !REFUSALS.test(failure.type)) return undefined
  return new CliError('KAFKA_REFUSED', `the broker at ${at} refused: ${failure.message} (${failure.type})`, {
    hint: 'Give this user the right (Kafka ACL) to create, read and write the topics, or use another user.',
    cause: failure,
  })
}

function tlsFailure(failure: KafkaFailure, { servers }: Spoken): CliError | undefined {
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
    'it does not speak TLS on this port, or it wants a client certificate',
    'Set KAFKA_SECURITY_PROTOCOL=PLAINTEXT (or SASL_PLAINTEXT) in .env, or use the port of its TLS listener.',
    failure,
  )
}

function closedConnection(
  failure: KafkaFailure,
  { servers, securityProtocol }: Spoken,
): CliError | undefined {
  if (failure.name !== 'KafkaJSConnectionClosedError') return undefined
  const at = failure.broker ?? servers.join(',')
  return unreachable(
    at,
    `it closed the connection; it may expect another security protocol than ${securityProtocol}`,
    'Set KAFKA_SECURITY_PROTOCOL in .env to what this listener speaks (PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL); if it is right, see whether the broker is still up.',
    failure,
  )
}

function networkFailure(failure: KafkaFailure, { servers }: Spoken): CliError | undefined {
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
  `The broker answered and named ${at} as its own address, which this machine cannot reach: correct its advertised.listeners.`

function missingTopic(failure: KafkaFailure): CliError | undefined {
  if (failure.type !== 'UNKNOWN_TOPIC_OR_PARTITION') return undefined
  return new CliError('KAFKA_REFUSED', `the broker has no topic ${failure.topic ?? 'of this name'}`, {
    hint: 'Create it with `cpu-anomaly up`.',
    cause: failure,
  })
}

function otherFailure(failure: KafkaFailure, { servers }: Spoken): CliError {
  const type = failure.type ? ` (${failure.type})` : ''
  return new CliError('KAFKA_REFUSED', `Kafka at ${servers.join(',')}: ${plain(failure.message)}${type}`, {
    hint: "See the broker's log: `cpu-anomaly logs kafka`.",
    cause: failure,
  })
}

function unreachable(at: string, why: string, hint: string, cause: unknown): CliError {
  return new CliError('KAFKA_UNREACHABLE', `no Kafka at ${at}: ${why}`, { hint, cause })
}

/** Without the prefix that kafkajs puts before what Node said, and on one line. */
function plain(message: string): string {
  return message
    .replace(/^(?:Connection error|Failed to connect): /, '')
    .replace(/\s*\n\s*/g, ' ')
    .trim()
}

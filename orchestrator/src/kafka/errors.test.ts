import kafkajs from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { CliError } from '../errors.ts'
import { isCoordinatorStarting, kafkaErrorType, noAnswer, translateKafkaError } from './errors.ts'

const {
  KafkaJSAggregateError,
  KafkaJSConnectionError,
  KafkaJSNumberOfRetriesExceeded,
  KafkaJSProtocolError,
  KafkaJSRequestTimeoutError,
} = kafkajs

const endpoint = {
  servers: ['h:1'],
  securityProtocol: 'PLAINTEXT',
  sasl: { mechanism: 'PLAIN', username: 'ann' },
}
const connection = (message: string, code?: string, broker = 'h:1') =>
  new KafkaJSConnectionError(message, { broker, ...(code ? { code } : {}) })
const protocol = (type: string) =>
  new KafkaJSProtocolError(
    Object.assign(new Error('the words of Kafka'), { type, code: 1, retriable: false }),
  )
/** For the classes that kafkajs does not type. */
const named = (name: string, message: string, more: object = {}) =>
  Object.assign(new Error(message), { name, ...more })
const retried = (error: Error) => new KafkaJSNumberOfRetriesExceeded(error, { retryCount: 2, retryTime: 100 })

describe('translateKafkaError', () => {
  it.each([
    [
      'a closed port',
      connection('Connection error: x', 'ECONNREFUSED'),
      'KAFKA_UNREACHABLE',
      /^no Kafka at h:1: nothing listens there/,
    ],
    [
      'an unknown host name',
      connection('Connection error: x', 'ENOTFOUND'),
      'KAFKA_UNREACHABLE',
      /no host has this name/,
    ],
    ['a host that drops packets', connection('Connection timeout'), 'KAFKA_UNREACHABLE', /no answer/],
    [
      'a request that gets no answer',
      new KafkaJSRequestTimeoutError('Request Metadata(3) timed out', {
        broker: 'h:1',
        clientId: '',
        correlationId: 1,
        createdAt: 0,
        sentAt: 0,
        pendingDuration: 0,
      }),
      'KAFKA_UNREACHABLE',
      /no answer/,
    ],
    [
      'TLS to a plaintext listener',
      connection(
        'Connection error: Client network socket disconnected before secure TLS connection was established',
        'ECONNRESET',
      ),
      'KAFKA_UNREACHABLE',
      /does not use TLS/,
    ],
    [
      'plaintext to a TLS listener',
      named('KafkaJSConnectionClosedError', 'Closed connection', { broker: 'h:1' }),
      'KAFKA_UNREACHABLE',
      /a security protocol other than PLAINTEXT/,
    ],
    [
      'a certificate that is not trusted',
      connection('Connection error: self-signed', 'SELF_SIGNED_CERT_IN_CHAIN'),
      'KAFKA_UNREACHABLE',
      /certificate is not trusted here: KAFKA_SSL_CA is not set.* \(self-signed\)/,
    ],
    [
      'a certificate that has expired',
      connection('Connection error: certificate has expired', 'CERT_HAS_EXPIRED'),
      'KAFKA_UNREACHABLE',
      /certificate has expired$/,
    ],
    [
      'a client certificate that is missing',
      connection(
        'Connection error: 80BC:error:0A000412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate:../rec_layer_s3.c:1601:SSL alert number 42',
      ),
      'KAFKA_UNREACHABLE',
      /requires a client certificate, and KAFKA_SSL_CERT is not set \(alert bad certificate\)/,
    ],
    [
      'a key that is not that of the certificate',
      connection('Failed to connect: error:05800074:x509 certificate routines::key values mismatch'),
      'KAFKA_UNREACHABLE',
      /KAFKA_SSL_KEY .*cannot be used \(key values mismatch\)/,
    ],
    [
      'a mechanism that the broker lacks',
      protocol('UNSUPPORTED_SASL_MECHANISM'),
      'KAFKA_REFUSED',
      /does not offer KAFKA_SASL_MECHANISM=PLAIN/,
    ],
    [
      'a certificate for another name',
      connection(
        "Connection error: Hostname/IP does not match certificate's altnames: Host: a. is not in the cert's altnames: DNS:b",
        'ERR_TLS_CERT_ALTNAME_INVALID',
      ),
      'KAFKA_UNREACHABLE',
      /certificate is for other names: DNS:b$/,
    ],
    [
      'a wrong password',
      named('KafkaJSSASLAuthenticationError', 'Invalid username or password'),
      'KAFKA_REFUSED',
      /refused the login of KAFKA_USERNAME=ann: Invalid username/,
    ],
    [
      'SASL to a plaintext listener',
      protocol('ILLEGAL_SASL_STATE'),
      'KAFKA_REFUSED',
      /expects a security protocol other than PLAINTEXT/,
    ],
    [
      'a missing permission',
      protocol('TOPIC_AUTHORIZATION_FAILED'),
      'KAFKA_REFUSED',
      /TOPIC_AUTHORIZATION_FAILED/,
    ],
    [
      'a clock that is far ahead',
      protocol('INVALID_TIMESTAMP'),
      'KAFKA_REFUSED',
      /this machine's clock is ahead of the broker's/,
    ],
    ['a missing topic', protocol('UNKNOWN_TOPIC_OR_PARTITION'), 'NO_SUCH_TOPIC', /has no topic/],
    [
      'any other error of Kafka',
      protocol('RECORD_LIST_TOO_LARGE'),
      'KAFKA_REFUSED',
      /the words of Kafka \(RECORD_LIST_TOO_LARGE\)/,
    ],
  ] as const)('explains %s in one line with a way out', (_title, error, code, message) => {
    for (const wrapped of [error, retried(error)]) {
      const translated = translateKafkaError(wrapped, endpoint)
      expect(translated?.code).toBe(code)
      expect(translated?.message).toMatch(message)
      expect(translated?.message).not.toContain('\n')
      expect(translated?.hint).toBeTruthy()
    }
  })

  it('names an advertised address that differs from the bootstrap servers', () => {
    const error = connection('Connection error: x', 'ENOTFOUND', 'kafka-broker:9093')
    expect(translateKafkaError(error, endpoint)).toMatchObject({
      message: expect.stringContaining('kafka-broker:9093'),
      hint: expect.stringContaining('advertised.listeners'),
    })
  })

  it.each([
    ['a closed port', connection('Connection error: x', 'ECONNREFUSED'), /KAFKA_SERVERS/, /`cpu-anomaly up`/],
    [
      'a wrong password',
      named('KafkaJSSASLAuthenticationError', 'Invalid username or password'),
      /KAFKA_SASL_MECHANISM/,
      /`cpu-anomaly up`.*KAFKA_PASSWORD/,
    ],
    ['SASL to a plaintext listener', protocol('ILLEGAL_SASL_STATE'), /KAFKA_SECURITY_PROTOCOL/, /up`/],
    ['a missing permission', protocol('TOPIC_AUTHORIZATION_FAILED'), /ACLs/, /another one may answer/],
    [
      'TLS to a plaintext listener',
      connection('Connection error: wrong version number'),
      /KAFKA_SECURITY_PROTOCOL/,
      /another one may answer/,
    ],
    [
      'a certificate that is not trusted',
      connection('Connection error: self-signed', 'SELF_SIGNED_CERT_IN_CHAIN'),
      /KAFKA_SSL_CA/,
      /another one may answer/,
    ],
    [
      'a closed connection',
      named('KafkaJSConnectionClosedError', 'Closed connection', { broker: 'h:1' }),
      /KAFKA_SECURITY_PROTOCOL/,
      /logs kafka/,
    ],
  ])('of %s, advises settings only for a broker that is not our own', (_, error, given, own) => {
    expect(translateKafkaError(error, endpoint)?.hint).toMatch(given)
    const hint = translateKafkaError(error, { ...endpoint, isOwn: true })?.hint
    expect(hint).toMatch(own)
    expect(hint).not.toMatch(/KAFKA_(?:SERVERS|SECURITY|SASL|SSL)/)
  })

  it('translates the first of a collection of errors', () => {
    const error = new KafkaJSAggregateError('Topic creation errors', [protocol('POLICY_VIOLATION')])
    expect(translateKafkaError(error, endpoint)?.code).toBe('KAFKA_REFUSED')
    expect(kafkaErrorType(error)).toBe('POLICY_VIOLATION')
  })

  it('returns a CliError as it is, and nothing for our own bugs', () => {
    const known = new CliError('PORT_TAKEN', 'x')
    expect(translateKafkaError(known, endpoint)).toBe(known)
    expect(translateKafkaError(new TypeError('x is not a function'), endpoint)).toBeUndefined()
  })
})

it('a broker that does not answer in time is unreachable, with the timeout', () => {
  expect(noAnswer(endpoint, 12_000)).toMatchObject({
    code: 'KAFKA_UNREACHABLE',
    message: 'no Kafka at h:1: no answer within 12 s',
  })
})

describe('isCoordinatorStarting', () => {
  it.each([
    [named('KafkaJSGroupCoordinatorNotFound', 'Failed to find group coordinator'), true],
    [retried(protocol('COORDINATOR_LOAD_IN_PROGRESS')), true],
    [protocol('GROUP_AUTHORIZATION_FAILED'), false],
  ])('recognizes a broker that is still starting', (error, expected) => {
    expect(isCoordinatorStarting(error)).toBe(expected)
  })
})

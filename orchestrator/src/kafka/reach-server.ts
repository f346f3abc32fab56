import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { CliError, errorMessage } from '../errors.ts'
import { connectOnce } from '../system/connect.ts'
import { type Deadline, LONGEST_TIMER_MS, withDeadline } from '../system/deadline.ts'
import type { KafkaAccess } from './access.ts'
import { addressOf } from './address.ts'
import { certificateText, namesOf } from './certificate.ts'
import { hintFor } from './error-hints.ts'
import { type Greeting, greet, isSpoken } from './greeting.ts'
import { codeOf, explainFailure, type Origin, type Place, unreachable } from './reach-failures.ts'
import type { Finding } from './reach-findings.ts'
import { tlsTrouble } from './tls-trouble.ts'
import { ILLEGAL_SASL_STATE } from './wire.ts'

const OTHER_NAME = 'ERR_TLS_CERT_ALTNAME_INVALID'

/** One address of a cluster, examined step by step: each step resolves to what it found, or rejects with a CliError. */
export class ServerProbe {
  readonly server: string
  readonly #access: KafkaAccess
  readonly #place: Place
  #greeting: Greeting | undefined

  constructor(access: KafkaAccess, server: string, origin: Origin = 'named') {
    this.server = server
    this.#access = access
    this.#place = { access, server, origin }
  }

  async resolve(signal: AbortSignal): Promise<Finding> {
    const { host } = addressOf(this.server)
    if (isIP(host)) return { text: 'an address, no name' }
    const addresses = await this.#explained(abortable(lookup(host, { all: true }), signal))
    return { text: `resolves to ${[...new Set(addresses.map(({ address }) => address))].join(', ')}` }
  }

  async connect(signal: AbortSignal): Promise<Finding> {
    const startedAt = performance.now()
    await this.#explained(connectOnce(addressOf(this.server), untilAborted(signal)))
    return { text: 'accepts connections', ms: performance.now() - startedAt }
  }

  /** Does it speak Kafka, with or without TLS as the settings say, and can its certificate be trusted? */
  async greet(signal: AbortSignal): Promise<Finding> {
    const greeting = await greet(this.#access, addressOf(this.server), signal).catch(
      async (error: unknown) => {
        throw (
          (await this.#wrongProtocol(error, signal)) ??
          this.#silence(error) ??
          this.#closedAfterTls(error) ??
          explainFailure(error, this.#place)
        )
      },
    )
    this.#greeting = greeting
    const { answerMs: ms } = greeting
    if (!greeting.tls) return { text: 'answers without TLS', ms }
    const { protocol, certificate, distrust } = greeting.tls
    if (distrust && distrust !== OTHER_NAME) throw this.#distrusted(distrust)
    return { text: `answers by ${protocol}, ${certificateText(certificate)}`, ms }
  }

  /** Is the certificate for the name that the settings use? */
  async checkNames(): Promise<Finding> {
    const { certificate, distrust } = this.#greeting?.tls ?? {}
    const names = certificate ? namesOf(certificate) : ''
    if (distrust === OTHER_NAME) throw this.#distrusted(distrust, `altnames: ${names}`)
    return { text: `the certificate is for ${names}` }
  }

  /** Does it take a login as the settings say? Sends no password. @throws CliError KAFKA_REFUSED */
  checkHandshake(): void {
    const { errorCode = 0, mechanisms = [] } = this.#greeting?.handshake ?? {}
    const { securityProtocol, sasl } = this.#access
    const takesLogin = errorCode !== ILLEGAL_SASL_STATE
    const offered = mechanisms.join(', ')
    if (sasl && !takesLogin)
      throw this.#refusal(
        `takes no login, but KAFKA_SECURITY_PROTOCOL=${securityProtocol} sends one`,
        hintFor('protocol', this.#access),
      )
    if (!sasl && takesLogin)
      throw this.#refusal(
        `requires a login (${offered}), but KAFKA_SECURITY_PROTOCOL=${securityProtocol} sends none`,
        hintFor('no-login', this.#access),
      )
    if (sasl && !mechanisms.includes(sasl.mechanism))
      throw this.#refusal(
        `does not offer KAFKA_SASL_MECHANISM=${sasl.mechanism}; it offers ${offered}`,
        `Set KAFKA_SASL_MECHANISM in .env to one of these: ${offered}.`,
      )
  }

  #distrusted(code: string, message = code): CliError {
    const trouble = tlsTrouble(code, message, this.#access.ssl)
    return unreachable(
      this.#place,
      trouble?.why ?? `its certificate is not trusted here (${message})`,
      trouble?.remedy ?? 'certificate',
    )
  }

  #refusal(what: string, hint: string): CliError {
    return new CliError('KAFKA_REFUSED', `the broker at ${this.server} ${what}`, { hint })
  }

  /** A listener that is closed to one protocol answers to the other, if that is the reason. */
  async #wrongProtocol(error: unknown, signal: AbortSignal): Promise<CliError | undefined> {
    if (!['CLOSED', 'ECONNRESET', 'EPROTO', 'EPIPE'].includes(codeOf(error)) || signal.aborted)
      return undefined
    const { securityProtocol } = this.#access
    const address = addressOf(this.server)
    const wantsTls = securityProtocol.endsWith('SSL')
    if (!(await isSpoken(wantsTls ? 'PLAINTEXT' : 'SSL', address, signal))) return undefined
    const why = wantsTls
      ? `it does not use TLS on this port, but KAFKA_SECURITY_PROTOCOL=${securityProtocol} does`
      : `it uses TLS on this port, but KAFKA_SECURITY_PROTOCOL=${securityProtocol} does not`
    return unreachable(this.#place, why, wantsTls ? 'no-tls' : 'tls', error)
  }

  #silence(error: unknown): CliError | undefined {
    if (codeOf(error) !== 'ETIMEDOUT') return undefined
    return unreachable(this.#place, 'it accepts connections, but does not answer', 'closed', error)
  }

  /** The reason of a broker is lost if its last bytes are: it closes the connection behind them. */
  #closedAfterTls(error: unknown): CliError | undefined {
    const { securityProtocol, ssl } = this.#access
    const isTls = securityProtocol.endsWith('SSL') && !/before secure/.test(errorMessage(error))
    if (!isTls || !['CLOSED', 'ECONNRESET', 'EPIPE'].includes(codeOf(error))) return undefined
    const closed = 'it closed the connection after the TLS handshake'
    return ssl.cert
      ? unreachable(
          this.#place,
          `${closed}, as one that refuses the client certificate KAFKA_SSL_CERT=${ssl.cert}`,
          'client-refused',
          error,
        )
      : unreachable(
          this.#place,
          `${closed}, as one that requires a client certificate (KAFKA_SSL_CERT)`,
          'client-required',
          error,
        )
  }

  #explained<T>(work: Promise<T>): Promise<T> {
    return work.catch((error: unknown) => {
      throw explainFailure(error, this.#place)
    })
  }
}

const abortable = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  withDeadline(work, untilAborted(signal))

/** The signal has a time limit of its own. */
const untilAborted = (signal: AbortSignal): Deadline => ({
  timeoutMs: LONGEST_TIMER_MS,
  signal,
  late: () => new Error('late'),
})

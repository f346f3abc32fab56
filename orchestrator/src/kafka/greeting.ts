import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls'
import type { KafkaAccess } from './access.ts'
import type { Address } from './address.ts'
import { clientConfig } from './client-config.ts'
import {
  API_VERSIONS,
  type HandshakeAnswer,
  readAnswer,
  readHandshake,
  saslHandshake,
  type WireReader,
} from './wire.ts'

/** What a listener says before a login. */
export interface Greeting {
  readonly answerMs: number
  /** Undefined without TLS. */
  readonly tls: TlsFindings | undefined
  readonly handshake: HandshakeAnswer
}

interface TlsFindings {
  readonly protocol: string
  readonly certificate: PeerCertificate
  /** Why the certificate is not to be trusted, as a code of Node or OpenSSL. */
  readonly distrust: string | undefined
}

/** A certificate that is not to be trusted is a finding and no error: nothing secret is sent. @throws Error of Node. */
export async function greet(access: KafkaAccess, address: Address, signal: AbortSignal): Promise<Greeting> {
  const socket = await open(access, address, signal)
  try {
    const startedAt = performance.now()
    await ask(socket, API_VERSIONS)
    const answerMs = performance.now() - startedAt
    const handshake = readHandshake(await ask(socket, saslHandshake(access.sasl?.mechanism ?? 'PLAIN')))
    return { answerMs, tls: tlsFindings(socket), handshake }
  } finally {
    socket.destroy()
  }
}

/** Does something answer there that uses TLS, or Kafka that does not? Asked to explain why a greeting failed. */
export async function isSpoken(
  securityProtocol: 'SSL' | 'PLAINTEXT',
  address: Address,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const access = { servers: [], securityProtocol, sasl: undefined, ssl: {} }
    const socket = await open(access, address, signal)
    try {
      if (securityProtocol === 'PLAINTEXT') await ask(socket, API_VERSIONS)
      return true
    } finally {
      socket.destroy()
    }
  } catch {
    return false
  }
}

/** Connects, with TLS if the security protocol says so. @throws Error of Node; CliError for a PEM file that cannot be used. */
function open(access: KafkaAccess, { host, port }: Address, signal: AbortSignal): Promise<Socket> {
  const { ssl } = clientConfig(access, {}, new Set())
  return new Promise((resolve, reject) => {
    const onConnect = () => resolve(socket)
    const name = isIP(host) ? {} : { servername: host }
    const socket = ssl
      ? connectTls(
          { host, port, ...name, ...(ssl === true ? {} : ssl), rejectUnauthorized: false },
          onConnect,
        )
      : connectPlain({ host, port }, onConnect)
    socket.once('error', reject)
    socket.once('close', () => reject(closed()))
    onAbort(signal, (reason) => socket.destroy(reason))
  })
}

/** Sends a request; resolves to the answer. */
function ask(socket: Socket, request: Buffer): Promise<WireReader> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0)
    const onData = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      try {
        if (isTlsAlert(bytes)) throw closed()
        const answer = readAnswer(bytes)
        if (answer) resolve(answer)
      } catch (error) {
        reject(error)
      }
    }
    socket.on('data', onData)
    socket.once('error', reject)
    socket.once('close', () => reject(closed()))
    socket.write(request)
  }).finally(() => socket.removeAllListeners('data')) as Promise<WireReader>
}

/** The answer of a listener with TLS to bytes without. */
const isTlsAlert = (bytes: Buffer): boolean => bytes[0] === 0x15 && bytes[1] === 3

const closed = (): Error => Object.assign(new Error('the connection was closed'), { code: 'CLOSED' })

function onAbort(signal: AbortSignal, act: (reason: Error) => void): void {
  if (signal.aborted) act(signal.reason)
  else signal.addEventListener('abort', () => act(signal.reason), { once: true })
}

function tlsFindings(socket: Socket): TlsFindings | undefined {
  if (!('getPeerCertificate' in socket)) return undefined
  const secure = socket as TLSSocket
  const distrust: unknown = secure.authorizationError
  return {
    protocol: secure.getProtocol() ?? 'TLS',
    certificate: secure.getPeerCertificate(),
    distrust: secure.authorized ? undefined : String(distrust instanceof Error ? distrust.message : distrust),
  }
}

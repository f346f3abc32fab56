import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { KafkaConfig, RetryOptions, SASLOptions } from 'kafkajs'
import type { KafkaAccess } from './access.ts'
import { readPem } from './pem.ts'

export const CLIENT_ID = 'cpu-anomaly'

/** Limit for connecting to one broker. */
export const CONNECTION_TIMEOUT_MS = 4_000
export const DEFAULT_RETRIES = 2

export interface RequestLimits {
  /** Limit for one request; 15 s by default. */
  readonly requestTimeoutMs?: number
  /** Limit for connecting to one broker; 4 s by default. */
  readonly connectionTimeoutMs?: number
  /** How often a request is retried: after 100 ms, then after twice as long each time, 5 s at most; 2 by default. */
  readonly retries?: number
}

/**
 * The settings of kafkajs for these brokers; `sockets` always contains the sockets that are open.
 * @throws CliError CONFIGURATION for a PEM file that cannot be used.
 */
export function clientConfig(access: KafkaAccess, limits: RequestLimits, sockets: Set<Socket>): KafkaConfig {
  return {
    clientId: CLIENT_ID,
    brokers: [...access.servers],
    connectionTimeout: limits.connectionTimeoutMs ?? CONNECTION_TIMEOUT_MS,
    authenticationTimeout: 8_000,
    requestTimeout: limits.requestTimeoutMs ?? 15_000,
    retry: retryOptions(limits),
    logCreator: () => () => {},
    socketFactory: ({ host, port, ssl, onConnect }) => {
      const socket = ssl
        ? connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
        : connectPlain({ host, port }, onConnect)
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      return socket.setNoDelay(true).setKeepAlive(true, 60_000)
    },
    ...(access.securityProtocol.endsWith('SSL') ? { ssl: { ...readPem(access.ssl) } } : {}),
    ...(access.securityProtocol.startsWith('SASL') && access.sasl ? { sasl: saslOptions(access.sasl) } : {}),
  }
}

export const retryOptions = ({ retries }: RequestLimits): RetryOptions => ({
  retries: retries ?? DEFAULT_RETRIES,
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

import { readFileSync } from 'node:fs'
import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { KafkaConfig, RetryOptions, SASLOptions } from 'kafkajs'
import { CliError, errorMessage } from '../errors.ts'
import type { KafkaAccess } from './access.ts'

export const CLIENT_ID = 'cpu-anomaly'

export interface RequestLimits {
  /** Limit for one request; 15 s by default. */
  readonly requestTimeoutMs?: number
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
    connectionTimeout: 4_000,
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
    ...(access.securityProtocol.endsWith('SSL') ? { ssl: tlsOptions(access.ssl) } : {}),
    ...(access.securityProtocol.startsWith('SASL') && access.sasl ? { sasl: saslOptions(access.sasl) } : {}),
  }
}

export const retryOptions = ({ retries }: RequestLimits): RetryOptions => ({
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
    throw new Error('not a PEM file (it has no "-----BEGIN")')
  } catch (error) {
    throw new CliError('CONFIGURATION', `${setting}=${path}: ${errorMessage(error)}`, {
      hint: `Set ${setting} to a readable file in PEM format.`,
      cause: error,
    })
  }
}

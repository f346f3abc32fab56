import type { Config } from './config.ts'
import { givenServers, isLoopback } from './given-servers.ts'
import { textOf } from './text-of.ts'

export function plaintextWarnings({ kafka, ports }: Config): string[] {
  if (!kafka.sasl || kafka.securityProtocol !== 'SASL_PLAINTEXT') return []
  const exposed = givenServers(kafka.servers, ports.kafka).filter((server) => !isLoopback(server))
  return exposed.length > 0
    ? [
        `KAFKA_PASSWORD would be sent in clear text to ${exposed.join(', ')}: set KAFKA_SECURITY_PROTOCOL=SASL_SSL`,
      ]
    : []
}

function loginRules(config: Config): string[] {
  const username = textOf(config, 'KAFKA_USERNAME')
  const hasPassword = textOf(config, 'KAFKA_PASSWORD') !== ''
  if (username !== '' && !hasPassword)
    return [`KAFKA_USERNAME=${username}: KAFKA_PASSWORD is not set; set both or neither`]
  if (username === '' && hasPassword)
    return ['KAFKA_PASSWORD=***: KAFKA_USERNAME is not set; set both or neither']
  return []
}

const SSL_KEYS = ['KAFKA_SSL_CA', 'KAFKA_SSL_CERT', 'KAFKA_SSL_KEY', 'KAFKA_SSL_KEY_PASSWORD'] as const

/** The stack's own broker has no TLS, and knows only one way to log in: other wishes would be silently ignored. */
function ownBrokerRules(config: Config): string[] {
  const { kafka } = config
  const protocol = kafka.sasl ? 'SASL_PLAINTEXT' : 'PLAINTEXT'
  const tls = SSL_KEYS.filter((key) => textOf(config, key) !== '').map(
    (key) => `${key}: does nothing, because this stack's broker has no TLS; leave it empty`,
  )
  if (textOf(config, 'KAFKA_SECURITY_PROTOCOL') !== '' && kafka.securityProtocol !== protocol)
    tls.push(
      `KAFKA_SECURITY_PROTOCOL=${kafka.securityProtocol}: this stack's broker speaks only ${protocol} ${kafka.sasl ? 'with' : 'without'} KAFKA_USERNAME and KAFKA_PASSWORD; leave it empty`,
    )
  const mechanism = textOf(config, 'KAFKA_SASL_MECHANISM').toUpperCase()
  return mechanism === 'PLAIN'
    ? tls
    : [...tls, `KAFKA_SASL_MECHANISM=${mechanism}: this stack's broker has only PLAIN; leave it out`]
}

/** Settings that contradict each other, or would be silently ignored. */
function givenBrokerRules(config: Config): string[] {
  const { securityProtocol, sasl, ssl, servers } = config.kafka
  const usesLogin = securityProtocol.startsWith('SASL')
  const problems: string[] = []
  const given = givenServers(servers, config.ports.kafka)
  if (given.length < servers.length)
    problems.push(
      `KAFKA_SERVERS=${servers.join(',')}: names this stack's own broker beside ${given.join(',')}; name brokers of one cluster, or set KAFKA_PORT to another port if all of these are one`,
    )
  if (usesLogin && !sasl)
    problems.push(
      `KAFKA_SECURITY_PROTOCOL=${securityProtocol}: needs KAFKA_USERNAME and KAFKA_PASSWORD; set both`,
    )
  if (sasl && !usesLogin)
    problems.push(
      `KAFKA_SECURITY_PROTOCOL=${securityProtocol}: does not use KAFKA_USERNAME; write SASL_SSL or SASL_PLAINTEXT`,
    )
  if (Boolean(ssl.cert) !== Boolean(ssl.key))
    problems.push('KAFKA_SSL_CERT and KAFKA_SSL_KEY: only one is set; set both or neither')
  if (ssl.keyPassword && !ssl.key)
    problems.push('KAFKA_SSL_KEY_PASSWORD=***: KAFKA_SSL_KEY is not set; set it, or leave the password empty')
  if (!securityProtocol.endsWith('SSL'))
    for (const key of SSL_KEYS.filter((name) => textOf(config, name) !== ''))
      problems.push(
        `${key}: KAFKA_SECURITY_PROTOCOL=${securityProtocol} does not use it; write ${sasl ? 'SASL_SSL' : 'SSL'}, or leave it empty`,
      )
  const mechanism = textOf(config, 'KAFKA_SASL_MECHANISM').toUpperCase()
  if (!usesLogin && mechanism !== 'PLAIN')
    problems.push(
      `KAFKA_SASL_MECHANISM=${mechanism}: KAFKA_SECURITY_PROTOCOL=${securityProtocol} does not use it; write SASL_SSL or SASL_PLAINTEXT, or leave it out`,
    )
  return problems
}

export function brokerRules(config: Config): string[] {
  const login = loginRules(config)
  if (login.length > 0) return login
  return config.kafka.isGiven ? givenBrokerRules(config) : ownBrokerRules(config)
}

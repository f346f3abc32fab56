import type { KafkaConfig } from '../config/config.ts'
import type { KafkaAccess } from '../kafka/access.ts'

/** The stack's own broker at `server`, whatever KAFKA_SERVERS names. It speaks SASL PLAIN where a login is set. */
export function ownBrokerAccess({ sasl }: KafkaConfig, server: string): KafkaAccess {
  return {
    servers: [server],
    securityProtocol: sasl ? 'SASL_PLAINTEXT' : 'PLAINTEXT',
    sasl: sasl && { ...sasl, mechanism: 'PLAIN' },
    ssl: {},
  }
}

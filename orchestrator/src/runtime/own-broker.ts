import type { KafkaConfig } from '../config/config.ts'
import type { KafkaAccess } from '../kafka/access.ts'

/** Access to the stack's own broker at `server`, whatever KAFKA_SERVERS is; with SASL PLAIN if a login is configured. */
export function ownBrokerAccess({ sasl }: KafkaConfig, server: string): KafkaAccess {
  return {
    servers: [server],
    securityProtocol: sasl ? 'SASL_PLAINTEXT' : 'PLAINTEXT',
    sasl: sasl && { ...sasl, mechanism: 'PLAIN' },
    ssl: {},
    isOwn: true,
  }
}

/** The id of the cluster in the text of a broker's `meta.properties`; empty while the broker is formatting its storage. */
export const clusterIdIn = (metaProperties: string | undefined): string =>
  metaProperties?.match(/^cluster\.id=(.+)$/m)?.[1]?.trim() ?? ''

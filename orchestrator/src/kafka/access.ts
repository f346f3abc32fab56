import type { KafkaConfig } from '../config/config.ts'

/** Where the brokers are, and how a client connects and logs in. */
export interface KafkaAccess extends Pick<KafkaConfig, 'servers' | 'securityProtocol' | 'sasl' | 'ssl'> {
  /** Is it the broker that this stack starts? Advice and patience differ for a cluster that KAFKA_SERVERS names. */
  readonly isOwn?: boolean
}

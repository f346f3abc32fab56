import type { KafkaConfig } from '../config/config.ts'

/** How a client reaches a broker, and as whom. */
export type KafkaAccess = Pick<KafkaConfig, 'servers' | 'securityProtocol' | 'sasl' | 'ssl'>

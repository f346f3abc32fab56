import type { KafkaConfig } from '../config/config.ts'

/** Where the brokers are, and how a client connects and logs in. */
export type KafkaAccess = Pick<KafkaConfig, 'servers' | 'securityProtocol' | 'sasl' | 'ssl'>

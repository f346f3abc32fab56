import { X509Certificate } from 'node:crypto'
import type { TopicsConfig } from '../config/config.ts'
import type { KafkaAccess } from './access.ts'
import type { Operation } from './cluster-metadata.ts'
import { readPem } from './pem.ts'

/** A topic of the job, and what its user must be allowed to do with it. */
export interface NeededRights {
  readonly topic: string
  readonly operations: readonly Operation[]
}

/** The least that the job needs. */
export const neededRights = ({
  input,
  output,
  deadLetter,
}: Pick<TopicsConfig, 'input' | 'output' | 'deadLetter'>): NeededRights[] => [
  { topic: input, operations: ['Read', 'Describe'] },
  { topic: output, operations: ['Write', 'Describe'] },
  { topic: deadLetter, operations: ['Write', 'Describe'] },
]

/** By which Kafka names this client in its ACLs, unless the cluster maps names by rules of its own. */
export function principalOf({ securityProtocol, sasl, ssl }: KafkaAccess): string {
  if (sasl) return `User:${sasl.username}`
  const { cert } = securityProtocol.endsWith('SSL') ? readPem(ssl) : {}
  if (!cert) return 'User:ANONYMOUS'
  // Kafka writes the subject as RFC 2253 does, its last part first.
  return `User:${new X509Certificate(cert).subject.split('\n').reverse().join(',')}`
}

import { createHash } from 'node:crypto'
import type { Config } from '../../../config/config.ts'
import { isLoopback } from '../../../config/given-servers.ts'

/**
 * Do this folder's containers use this machine's own network? They do if a given Kafka is on loopback: no other network
 * reaches it. Otherwise they have a network of their own, from which they reach other machines.
 */
export const usesHostNetwork = ({ kafka }: Pick<Config, 'kafka'>): boolean =>
  kafka.isGiven && kafka.servers.every(isLoopback)

/** Of Spark's master, where other programs listen too; `infra/docker/host-network.yml` has it as well. */
export const HOST_MASTER_PORT = 27077

/** The loopback address of a folder's own at which its master listens: one of 16 million, by the storage folder's id. */
export function masterAddress(storageId: string): string {
  const [a = 0, b = 0, c = 0] = createHash('sha256').update(storageId).digest()
  return [127, 1 + (a % 254), b, 1 + (c % 254)].join('.')
}

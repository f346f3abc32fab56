import { Partitioners } from 'kafkajs'

/** The partition of a record, by its key. */
export type Partitioner = (key: string) => number

/** As Kafka's own producers choose among so many partitions; evaluated once per key. */
export function partitionerOf(partitions: number): Partitioner {
  const choose = Partitioners.DefaultPartitioner()
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 0,
    replicas: [],
    isr: [],
  }))
  const known = new Map<string, number>()
  return (key) => {
    const partition =
      known.get(key) ?? choose({ topic: '', partitionMetadata, message: { key, value: null } })
    known.set(key, partition)
    return partition
  }
}

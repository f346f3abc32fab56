import type { PartitionData, RawMessage } from './kafkajs-internals.ts'

/**
 * The messages of a partition that are records: without markers of transactions, records of aborted ones, and what a
 * compressed batch holds before `from`. The filter of kafkajs lets records pass if several transactions that were
 * aborted had begun before the first message.
 */
export function committedMessages(
  { messages, abortedTransactions }: PartitionData,
  from: bigint,
): RawMessage[] {
  const toBegin = abortedTransactions.toSorted((a, b) =>
    Number(BigInt(a.firstOffset) - BigInt(b.firstOffset)),
  )
  const aborted = new Set<string>()
  return messages.filter(({ offset, isControlRecord, batchContext }) => {
    while (toBegin[0] && BigInt(toBegin[0].firstOffset) <= BigInt(offset))
      aborted.add(toBegin.shift()?.producerId ?? '')
    const producer = batchContext?.producerId ?? ''
    if (isControlRecord) aborted.delete(producer)
    return (
      BigInt(offset) >= from && !isControlRecord && !(batchContext?.inTransaction && aborted.has(producer))
    )
  })
}

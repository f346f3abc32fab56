import { describe, expect, it } from 'vitest'
import { committedMessages } from './committed-messages.ts'
import type { RawMessage } from './kafkajs-internals.ts'

const message = (offset: number, producerId: string, kind: 'record' | 'marker' = 'record'): RawMessage => ({
  offset: String(offset),
  timestamp: '0',
  key: null,
  value: null,
  isControlRecord: kind === 'marker',
  batchContext: { producerId, inTransaction: producerId !== '-1' },
})

/** Which of these offsets are records for a reader that begins at `from`. */
function offsets(
  messages: readonly RawMessage[],
  aborted: readonly (readonly [producerId: string, firstOffset: number])[],
  from = 0,
): number[] {
  const abortedTransactions = aborted.map(([producerId, offset]) => ({
    producerId,
    firstOffset: String(offset),
  }))
  const data = { partition: 0, lastStableOffset: '99', abortedTransactions, messages }
  return committedMessages(data, BigInt(from)).map(({ offset }) => Number(offset))
}

describe('committedMessages', () => {
  it('leaves out markers and records of aborted transactions', () => {
    const messages = [
      message(0, 'a'),
      message(1, '-1'),
      message(2, 'b'),
      message(3, 'a', 'marker'),
      message(4, 'b', 'marker'),
      message(5, 'a'),
      message(6, 'a', 'marker'),
    ]
    expect(offsets(messages, [['a', 0]])).toEqual([1, 2, 5])
  })

  it('knows all transactions that had begun before the first message, in any order', () => {
    const messages = [message(8, 'b'), message(9, 'a'), message(10, 'b', 'marker'), message(11, 'b')]
    expect(
      offsets(messages, [
        ['a', 6],
        ['b', 5],
      ]),
    ).toEqual([11])
  })

  it('leaves out what a compressed batch holds before the position', () => {
    expect(offsets([message(3, '-1'), message(4, '-1')], [], 4)).toEqual([4])
  })

  it('takes a record whose key looks like that of a marker for a record', () => {
    const messages = [
      { ...message(0, 'a'), key: Buffer.alloc(4) },
      message(1, 'a'),
      message(2, 'a', 'marker'),
    ]
    expect(offsets(messages, [['a', 0]])).toEqual([])
  })
})

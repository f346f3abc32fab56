import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeBroker } from '../kafka/broker.fixture.ts'
import { TopicReader } from '../kafka/topic-reader.ts'
import { type ReadUpTo, UnreadRecords } from './unread.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))

let broker: FakeBroker
let reader: TopicReader

beforeEach(async () => {
  broker = new FakeBroker().createTopic('in', 2)
  // Offsets 0 to 9 of partition 0, of which 5, 8 and 9 are no records, and 0 to 2 of partition 1.
  broker.append('in', ...Array.from({ length: 10 }, (_, index) => ({ value: String(index) })))
  broker.remove('in', { offsets: [5n, 8n, 9n] })
  broker.append('in', ...['a', 'b', 'c'].map((value) => ({ value, partition: 1 })))
  reader = await TopicReader.open(broker.access, 'in', { signal: new AbortController().signal })
})

afterEach(() => reader.close())

const count = async (read: ReadUpTo): Promise<number> =>
  new UnreadRecords().count(reader, read, await reader.ends())

describe('UnreadRecords', () => {
  it.each<[string, ReadUpTo, number]>([
    ['everything was read', { 0: 10, 1: 3 }, 0],
    ['the job has read further since', { 0: 12, 1: 3 }, 0],
    ['only offsets without records are left', { 0: 8, 1: 3 }, 0],
    ['some of each partition is left', { 0: 4, 1: 2 }, 4],
    ['a partition was not read yet', { 0: 8 }, 3],
    ['nothing was read', {}, 10],
  ])('counts records, not offsets: %s', async (_, read, expected) => {
    expect(await count(read)).toBe(expected)
  })

  it('counts what the topic still has', async () => {
    broker.remove('in', { begin: 3n, offsets: [5n, 8n, 9n] })
    expect(await count({ 1: 3 })).toBe(4)
  })

  it('costs no fetch if no offset is left', async () => {
    await count({ 0: 10, 1: 3 })
    expect(broker.requests).not.toContain('fetch')
  })

  it('counts a large rest by its offsets, without reading it', async () => {
    const fetched = vi.spyOn(reader, 'fetch')
    fetched.mockResolvedValueOnce({ records: [], next: new Map([[0, 500n]]) })
    const records = Array.from({ length: 1_000 }, (_, index) => ({
      partition: 0,
      offset: 500n + BigInt(index),
      timestampMs: 0,
      key: null,
      value: null,
    }))
    fetched.mockResolvedValueOnce({ records, next: new Map([[0, 2_000n]]) })
    const ends = new Map([
      [0, 1_000_000n],
      [1, 3n],
    ])
    expect(await new UnreadRecords().count(reader, { 0: 1, 1: 3 }, ends)).toBe(1_000 + 998_000)
    expect(fetched).toHaveBeenCalledTimes(2)
  })

  it('gives up passing over aborted records after a second', async () => {
    vi.spyOn(reader, 'fetch').mockImplementation(async (from) => ({
      records: [],
      next: new Map([...from].map(([partition]) => [partition, 2n])),
    }))
    vi.spyOn(performance, 'now').mockReturnValueOnce(0).mockReturnValueOnce(0).mockReturnValue(2_000)
    expect(await count({ 0: 1, 1: 3 })).toBe(8)
  })
})

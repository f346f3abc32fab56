import { expect, it, vi } from 'vitest'
import { FakeBroker } from './broker.fixture.ts'
import { readLast, readSince, readSome, topicEnds } from './read-range.ts'

vi.mock('kafkajs', () => import('./kafkajs.fixture.ts'))

const { signal } = new AbortController()

/** A topic whose records are their offsets, as text. */
function topicOf(...counts: readonly number[]): FakeBroker {
  const broker = new FakeBroker().createTopic('t', counts.length)
  counts.forEach((count, partition) => {
    for (let offset = 0; offset < count; offset += 1) broker.append('t', { value: String(offset), partition })
  })
  return broker
}

const lastOf = async ({ access }: FakeBroker, count: number) =>
  (await readLast(access, 't', count, signal)).map(({ partition, value }) => `${partition}:${value}`)

it('reads the last records of each partition, and all of one that has fewer', async () => {
  expect(await lastOf(topicOf(9, 1, 0), 2)).toEqual(['0:7', '0:8', '1:0'])
})

it.each([
  ['a transaction ends with a marker, which takes an offset', [8n], 1, ['0:7']],
  ['compaction has left gaps', [2n, 3n, 4n, 5n, 6n, 7n], 2, ['0:1', '0:8']],
])('reads further back where %s', async (_, offsets, count, expected) => {
  expect(await lastOf(topicOf(9).remove('t', { offsets }), count)).toEqual(expected)
})

it('reads some records of each partition', async () => {
  const { access } = topicOf(9, 1, 9)
  const some = await readSome(access, 't', 5, signal)
  expect(some.map(({ partition, value }) => `${partition}:${value}`)).toEqual([
    '0:7',
    '0:8',
    '1:0',
    '2:7',
    '2:8',
  ])
})

it('reads what was written since, to the present end', async () => {
  const broker = topicOf(3, 1)
  const before = await topicEnds(broker.access, 't', signal)
  broker.append('t', { value: 'new', partition: 1 })
  const since = await readSince(broker.access, 't', before, signal)
  expect(since.map(({ partition, offset, value }) => [partition, offset, String(value)])).toEqual([
    [1, 1n, 'new'],
  ])
})

it('reads all of a partition that was added since', async () => {
  const broker = topicOf(3)
  const before = await topicEnds(broker.access, 't', signal)
  broker.addPartitions('t', 1).append('t', { value: 'new', partition: 1 })
  const since = await readSince(broker.access, 't', before, signal)
  expect(since.map(({ partition, value }) => [partition, String(value)])).toEqual([[1, 'new']])
})

it('names the topic that is missing, in an error for the user', async () => {
  await expect(readLast(topicOf(1).access, 'other', 1, signal)).rejects.toMatchObject({
    code: 'NO_SUCH_TOPIC',
  })
})
